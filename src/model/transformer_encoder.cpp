#include "model/transformer_encoder.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/packed/attention.h"
#include "infomtl/ops/packed/dropout.h"
#include "infomtl/ops/packed/embedding.h"
#include "infomtl/ops/packed/layer_norm.h"
#include "infomtl/ops/packed/linear.h"

namespace infomtl {
namespace {

Tensor first_rows(const PackedTokens& tokens) {
  return tokens.offsets.narrow(0, 0, tokens.sequences()).to(at::kLong).to(tokens.ids.device());
}

// [S, H] mean of each sequence's rows.
Tensor mean_rows(const Tensor& states, const PackedTokens& tokens) {
  const Tensor lengths =
      (tokens.offsets.narrow(0, 1, tokens.sequences()) - tokens.offsets.narrow(0, 0, tokens.sequences())).to(at::kLong);
  const Tensor owner = at::repeat_interleave(lengths).to(states.device());
  const Tensor sums = at::zeros({tokens.sequences(), states.size(1)}, states.options()).index_add(0, owner, states);
  return sums / lengths.to(states.device(), states.scalar_type()).unsqueeze(1);
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

}  // namespace

TransformerEncoder::TransformerEncoder(EncoderLayout layout, Json config)
    : layout_(std::move(layout)), config_(std::move(config)) {
  const EncoderSizes& sizes = layout_.sizes;
  const EncoderNames& names = layout_.names;
  const auto table = [&](const std::string& name, std::int64_t rows) {
    return add_parameter(name + ".weight", at::empty({rows, sizes.embedding_width}));
  };
  word_ = table(names.word, sizes.vocab);
  position_ = table(names.position, sizes.positions);
  if (sizes.types > 0) type_ = table(names.type, sizes.types);
  embedding_norm_ = add_affine(names.embedding_norm, {sizes.embedding_width});
  if (sizes.embedding_width != sizes.width) {
    projection_ = add_affine(names.projection, {sizes.width, sizes.embedding_width});
  }
  for (std::int64_t i = 0; i < sizes.layers; ++i) {
    const std::string at_layer = names.layers + "." + std::to_string(i) + ".";
    // Queries, keys and values are neighbours in memory, so that one product serves them.
    const Tensor weights = at::empty({3, sizes.width, sizes.width});
    const Tensor biases = at::empty({3, sizes.width});
    const auto part = [&](const std::string& name, std::int64_t which) {
      return Affine{add_parameter(at_layer + name + ".weight", weights[which]),
                    add_parameter(at_layer + name + ".bias", biases[which])};
    };
    Layer layer;
    layer.query = part(names.query, 0);
    layer.key = part(names.key, 1);
    layer.value = part(names.value, 2);
    layer.attention_output = add_affine(at_layer + names.attention_output, {sizes.width, sizes.width});
    layer.attention_norm = add_affine(at_layer + names.attention_norm, {sizes.width});
    layer.inner = add_affine(at_layer + names.inner, {sizes.inner, sizes.width});
    layer.output = add_affine(at_layer + names.output, {sizes.width, sizes.inner});
    layer.output_norm = add_affine(at_layer + names.output_norm, {sizes.width});
    layers_.push_back(std::move(layer));
  }
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

TransformerEncoder::Affine TransformerEncoder::add_affine(const std::string& name, at::IntArrayRef weight_shape) {
  return {add_parameter(name + ".weight", at::empty(weight_shape)),
          add_parameter(name + ".bias", at::empty({weight_shape[0]}))};
}

void TransformerEncoder::initialize(std::uint64_t seed) {
  torch::NoGradGuard no_grad;
  const EncoderSizes& sizes = layout_.sizes;
  for (auto& entry : named_parameters()) {
    Tensor& parameter = entry.value();
    if (parameter.dim() == 2) {
      ops::TensorRandom random(derive_seed(seed, "initial/" + entry.key()));
      parameter.copy_(random.normal(parameter.sizes()) * sizes.initializer_range);
    } else {
      parameter.fill_(entry.key().ends_with(".weight") ? 1.0 : 0.0);
    }
  }
  if (sizes.padding >= 0) word_[sizes.padding].zero_();
  if (sizes.first_position > 0) position_[sizes.padding].zero_();
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
  if (type_.defined()) check_values(tokens.type_ids, layout_.sizes.types, "token type");
}

std::int64_t TransformerEncoder::depth_of(const std::string& parameter) const {
  const std::string layers = layout_.names.layers + ".";
  return parameter.starts_with(layers) ? std::stoll(parameter.substr(layers.size())) + 1 : 0;
}

Tensor TransformerEncoder::word_embeddings(const PackedTokens& tokens) {
  check(tokens);
  return ops::embedding_sum({word_}, {tokens.ids});
}

Tensor TransformerEncoder::embed(const PackedTokens& tokens, const EncodeOptions& options) const {
  const EncoderSizes& sizes = layout_.sizes;
  std::vector<Tensor> tables{word_, position_};
  std::vector<Tensor> ids{tokens.ids,
                          sizes.first_position == 0 ? tokens.positions : tokens.positions + sizes.first_position};
  if (type_.defined()) {
    tables.push_back(type_);
    ids.push_back(tokens.type_ids);
  }
  Tensor states = ops::embedding_sum(tables, ids, options.segments);
  if (options.embedding_offset.defined()) states = states + options.embedding_offset;
  states = ops::layer_norm(states, embedding_norm_.weight, embedding_norm_.bias, sizes.norm_epsilon, options.segments);
  if (options.precision == Precision::bfloat16) states = states.to(at::kBFloat16);
  states = ops::dropout(states, sizes.hidden_dropout, options.dropout);
  if (!projection_.weight.defined()) return states;
  return ops::linear(states, projection_.weight, projection_.bias, options.segments);
}

Tensor TransformerEncoder::run_layer(const Layer& layer, const Tensor& states, const PackedTokens& tokens,
                                     const Tensor& first, const EncodeOptions& options) const {
  const EncoderSizes& sizes = layout_.sizes;
  const auto& segments = options.segments;
  Tensor residual = states, attended;
  if (first.defined()) {
    residual = states.index_select(0, first);
    const Tensor query = ops::linear(residual, layer.query.weight, layer.query.bias, segments);
    const Tensor kv = ops::stacked_linear(states, {layer.key.weight, layer.value.weight},
                                          {layer.key.bias, layer.value.bias}, segments);
    attended = ops::first_token_attention(query, kv, tokens.offsets, sizes.heads, sizes.attention_dropout,
                                          options.dropout, segments);
  } else {
    const Tensor qkv = ops::stacked_linear(states, {layer.query.weight, layer.key.weight, layer.value.weight},
                                           {layer.query.bias, layer.key.bias, layer.value.bias}, segments);
    attended =
        ops::packed_attention(qkv, tokens.offsets, sizes.heads, sizes.attention_dropout, options.dropout, segments);
  }
  const auto add_and_norm = [&](const Tensor& x, const Tensor& kept, const Affine& norm) {
    return ops::residual_layer_norm(x, kept, sizes.hidden_dropout, options.dropout, norm.weight, norm.bias,
                                    sizes.norm_epsilon, segments);
  };
  attended = ops::linear(attended, layer.attention_output.weight, layer.attention_output.bias, segments);
  const Tensor middle = add_and_norm(attended, residual, layer.attention_norm);
  Tensor inner = ops::linear(middle, layer.inner.weight, layer.inner.bias, segments);
  inner = ops::activate_packed(inner, sizes.activation, segments);
  return add_and_norm(ops::linear(inner, layer.output.weight, layer.output.bias, segments), middle, layer.output_norm);
}

EncoderOutput TransformerEncoder::forward(const PackedTokens& tokens, const EncodeOptions& options) {
  check(tokens);
  const Tensor first = options.pooling == Pooling::first ? first_rows(tokens) : Tensor();
  const auto pool = [&](const Tensor& states) {
    return first.defined() ? in_float32(states.index_select(0, first)) : mean_rows(in_float32(states), tokens);
  };
  Tensor states = embed(tokens, options);
  std::vector<Tensor> pooled_layers;
  if (options.layer_states) pooled_layers.push_back(pool(states));
  EncoderOutput output;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool last = i + 1 == layers_.size();
    if (last && first.defined() && !options.token_states) {
      output.pooled = in_float32(run_layer(layers_[i], states, tokens, first, options));
    } else {
      states = run_layer(layers_[i], states, tokens, {}, options);
      if (last) output.pooled = pool(states);
    }
    if (options.layer_states) pooled_layers.push_back(last ? output.pooled : pool(states));
  }
  if (options.token_states) output.tokens = in_float32(states);
  if (options.layer_states) output.layers = at::stack(pooled_layers, 1);
  return output;
}

}  // namespace infomtl
