#include "infomtl/model/transformer_encoder.h"

#include <ATen/ATen.h>

#include <iomanip>
#include <sstream>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/machine_memory.h"
#include "infomtl/ops/device_copy.h"
#include "infomtl/ops/group_sums.h"
#include "infomtl/ops/packed/embedding.h"

namespace infomtl {
namespace {

Tensor first_rows(const PackedTokens& tokens) {
  return ops::copied_to(tokens.offsets.narrow(0, 0, tokens.sequences()).to(at::kLong), tokens.ids.device());
}

// [S, H] mean of each sequence's rows.
Tensor mean_rows(const Tensor& states, const PackedTokens& tokens) {
  const Tensor lengths =
      (tokens.offsets.narrow(0, 1, tokens.sequences()) - tokens.offsets.narrow(0, 0, tokens.sequences())).to(at::kLong);
  const Tensor owner = ops::copied_to(at::repeat_interleave(lengths), states.device());
  return ops::group_sums(states, owner, tokens.sequences()) / ops::copied_like(lengths, states).unsqueeze(1);
}

// What leaves the encoder; float64 models stay what they are.
Tensor in_float32(const Tensor& states) {
  return states.scalar_type() == at::kBFloat16 ? states.to(at::kFloat) : states;
}

void check_values(const Tensor& values, std::int64_t limit, const char* what) {
  // Elsewhere than on the CPU a look at the values would stop the device; there the table lookup itself complains.
  if (!values.device().is_cpu() || values.numel() == 0) return;
  const auto [low, high] = at::aminmax(values);
  const std::int64_t least = low.item<std::int64_t>(), greatest = high.item<std::int64_t>();
  if (least < 0 || greatest >= limit) {
    throw DataError(std::string(what) + " " + std::to_string(least < 0 ? least : greatest) +
                    " is outside the model's table of " + std::to_string(limit));
  }
}

// Memory is handed out before it is used, so that the system would not refuse sizes that it cannot hold but end the
// process when they are filled.
void check_memory(const EncoderSizes& sizes, const Config& config) {
  constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
  const auto product = [](std::int64_t a, std::int64_t b) { return static_cast<double>(a) * static_cast<double>(b); };
  const double tables = product(sizes.vocab, sizes.embedding_width) + product(sizes.positions, sizes.embedding_width);
  const double layer = 4.0 * product(sizes.width, sizes.width) + 2.0 * product(sizes.width, sizes.inner);
  const double bytes = sizeof(float) * (tables + static_cast<double>(sizes.layers) * layer);
  const auto there = static_cast<double>(memory_of_machine());
  if (bytes <= there) return;
  std::ostringstream words;
  words << std::fixed << std::setprecision(1) << "its sizes cannot be allocated: parameters of " << bytes / kGiB
        << " GiB, but the machine has " << there / kGiB << " GiB of memory";
  config.fail(words.str());
}

}  // namespace

TransformerEncoder::TransformerEncoder(const EncoderSizes& sizes, const Config& config) : sizes_(sizes) {
  check_memory(sizes, config);
  Json json = config.json();
  json.erase("name");  // the registry's word for model_type
  config_ = std::make_shared<const Json>(std::move(json));
}

EncoderOutput TransformerEncoder::forward(const PackedTokens& tokens, const EncodeOptions& options) {
  check(tokens);
  const EncoderPass pass(tokens, options);
  const Tensor first = options.pooling == Pooling::first ? first_rows(tokens) : Tensor();
  const auto pool = [&](const Tensor& states) {
    return first.defined() ? in_float32(states.index_select(0, first)) : mean_rows(in_float32(states), tokens);
  };
  Tensor states = embed(pass);
  std::vector<Tensor> pooled_layers;
  if (options.layer_states) pooled_layers.push_back(pool(states));
  EncoderOutput output;
  const auto count = static_cast<std::size_t>(layer_count());
  for (std::size_t i = 0; i < count; ++i) {
    const bool last = i + 1 == count;
    if (last && first.defined() && !options.token_states) {
      const EncoderPass first_only(tokens, options, first);
      output.pooled = in_float32(finish(run_layer(i, states, first_only), first_only));
    } else {
      states = run_layer(i, states, pass);
      if (last) {
        states = finish(states, pass);
        output.pooled = pool(states);
      }
    }
    if (options.layer_states) pooled_layers.push_back(last ? output.pooled : pool(states));
  }
  if (options.token_states) output.tokens = in_float32(states);
  if (options.layer_states) output.layers = at::stack(pooled_layers, 1);
  return output;
}

Tensor TransformerEncoder::word_embeddings(const PackedTokens& tokens) {
  check(tokens);
  return ops::embedding_sum({word_}, {tokens.ids});
}

void TransformerEncoder::initialize(std::uint64_t seed) {
  initialize_transformer(*this, sizes_.initializer_range, seed);
  torch::NoGradGuard no_grad;
  if (sizes_.padding >= 0) word_[sizes_.padding].zero_();
}

Tensor TransformerEncoder::sum_embeddings(const EncoderPass& pass, std::vector<Tensor> tables,
                                          std::vector<Tensor> ids) const {
  tables.insert(tables.begin(), word_);
  ids.insert(ids.begin(), pass.tokens.ids);
  const Tensor sum = ops::embedding_sum(tables, ids, pass.token_rows.owners, pass.token_rows.derivatives);
  return pass.options.embedding_offset.defined() ? sum + pass.options.embedding_offset : sum;
}

void TransformerEncoder::add_word_table(const std::string& name) {
  word_ = add_table(name, sizes_.vocab, sizes_.embedding_width);
}

Tensor TransformerEncoder::add_table(const std::string& name, std::int64_t rows, std::int64_t width) {
  return add_parameter(name + ".weight", at::empty({rows, width}));
}

Linear TransformerEncoder::add_linear(const std::string& name, std::int64_t outputs, std::int64_t inputs) {
  return {add_parameter(name + ".weight", at::empty({outputs, inputs})),
          add_parameter(name + ".bias", at::empty({outputs}))};
}

LayerNorm TransformerEncoder::add_norm(const std::string& name, std::int64_t width) {
  return {add_parameter(name + ".weight", at::empty({width})), add_parameter(name + ".bias", at::empty({width})),
          sizes_.norm_epsilon};
}

SelfAttention TransformerEncoder::add_attention(const AttentionNames& names) {
  const std::int64_t width = sizes_.width;
  const Tensor weights = at::empty({3, width, width}), biases = at::empty({3, width});
  const auto part = [&](const std::string& name, std::int64_t which) {
    return Linear{add_parameter(name + ".weight", weights[which]), add_parameter(name + ".bias", biases[which])};
  };
  SelfAttention attention;
  attention.heads = sizes_.heads;
  attention.dropout = sizes_.attention_dropout;
  attention.query = part(names.query, 0);
  attention.key = part(names.key, 1);
  attention.value = part(names.value, 2);
  attention.output = add_linear(names.output, width, width);
  return attention;
}

FeedForward TransformerEncoder::add_feed_forward(const std::string& inner, const std::string& output) {
  Linear first = add_linear(inner, sizes_.inner, sizes_.width);
  return {std::move(first), add_linear(output, sizes_.width, sizes_.inner), sizes_.activation};
}

Tensor TransformerEncoder::add_parameter(const std::string& name, Tensor value) {
  torch::nn::Module* owner = this;
  std::size_t begin = 0;
  for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', begin)) {
    const std::string part = name.substr(begin, dot - begin);
    const auto children = owner->named_children();
    const auto* found = children.find(part);
    owner =
        found != nullptr ? found->get() : owner->register_module(part, std::make_shared<torch::nn::Module>(part)).get();
    begin = dot + 1;
  }
  return owner->register_parameter(name.substr(begin), std::move(value));
}

void TransformerEncoder::check(const PackedTokens& tokens) const {
  const auto* offsets = tokens.offsets.const_data_ptr<std::int32_t>();
  for (std::int64_t s = 0; s < tokens.sequences(); ++s) {
    const std::int64_t length = offsets[s + 1] - offsets[s];
    if (length < 1) throw DataError("sequence " + std::to_string(s) + " of the batch has no tokens");
    if (length > max_length()) {
      throw DataError("a sequence of " + std::to_string(length) + " tokens, but the model has " +
                      std::to_string(max_length()) + " positions");
    }
  }
  check_values(tokens.ids, vocab_size(), "token id");
  check_values(tokens.positions, max_length(), "position");
  if (sizes_.types > 1) check_values(tokens.type_ids, sizes_.types, "token type");
}

std::int64_t TransformerEncoder::depth_of(const std::string& parameter) const {
  for (std::size_t dot = parameter.find('.'); dot != std::string::npos; dot = parameter.find('.', dot + 1)) {
    const std::size_t end = parameter.find_first_not_of("0123456789", dot + 1);
    if (end != std::string::npos && end > dot + 1 && parameter[end] == '.')
      return std::stoll(parameter.substr(dot + 1)) + 1;
  }
  return 0;
}

}  // namespace infomtl
