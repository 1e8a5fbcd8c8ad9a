#include "model/encoders/post_norm_encoder.h"

#include <ATen/ATen.h>

#include "infomtl/ops/packed/dropout.h"

namespace infomtl::encoders {

PostNormEncoder::PostNormEncoder(const EncoderSizes& sizes, PostNormNames names, const Config& config)
    : TransformerEncoder(sizes, config), names_(std::move(names)) {
  add_word_table(names_.word);
  position_ = add_table(names_.position, sizes.positions, sizes.embedding_width);
  if (sizes.types > 0) type_ = add_table(names_.type, sizes.types, sizes.embedding_width);
  embedding_norm_ = add_norm(names_.embedding_norm, sizes.embedding_width);
  if (sizes.embedding_width != sizes.width) {
    projection_ = add_linear(names_.projection, sizes.width, sizes.embedding_width);
  }
  for (std::int64_t i = 0; i < sizes.layers; ++i) {
    const std::string at = names_.layers + "." + std::to_string(i) + ".";
    Layer layer;
    layer.attention =
        add_attention({at + names_.query, at + names_.key, at + names_.value, at + names_.attention_output});
    layer.attention_norm = add_norm(at + names_.attention_norm, sizes.width);
    layer.feed_forward = add_feed_forward(at + names_.inner, at + names_.output);
    layer.output_norm = add_norm(at + names_.output_norm, sizes.width);
    layers_.push_back(std::move(layer));
  }
}

bool PostNormEncoder::owns(std::string_view name) const {
  return Encoder::owns(name) || name.starts_with(names_.projection + ".");
}

void PostNormEncoder::initialize(std::uint64_t seed) {
  TransformerEncoder::initialize(seed);
  torch::NoGradGuard no_grad;
  if (sizes().first_position > 0) position_[sizes().padding].zero_();
}

Tensor PostNormEncoder::embed(const EncoderPass& pass) const {
  const PackedTokens& tokens = pass.tokens;
  std::vector<Tensor> tables{position_};
  std::vector<Tensor> ids{sizes().first_position == 0 ? tokens.positions : tokens.positions + sizes().first_position};
  if (type_.defined()) {
    tables.push_back(type_);
    // A table of one row has one type: RoBERTa reads no other, whatever a tokenizer gives pairs.
    ids.push_back(sizes().types == 1 ? at::zeros_like(tokens.type_ids) : tokens.type_ids);
  }
  Tensor x = embedding_norm_(sum_embeddings(pass, tables, ids), pass.token_rows);
  if (pass.options.precision == Precision::bfloat16) x = x.to(at::kBFloat16);
  x = ops::dropout(x, sizes().hidden_dropout, pass.options.dropout);
  return projection_.weight.defined() ? projection_(x, pass.token_rows) : x;
}

Tensor PostNormEncoder::run_layer(std::size_t i, const Tensor& x, const EncoderPass& pass) const {
  const Layer& layer = layers_[i];
  const double dropout = sizes().hidden_dropout;
  const Tensor given = pass.given(x);
  const Tensor middle = layer.attention_norm.of_sum(layer.attention(given, x, pass), given, dropout, pass);
  return layer.output_norm.of_sum(layer.feed_forward(middle, pass), middle, dropout, pass);
}

}  // namespace infomtl::encoders
