#include "infomtl/model/encoder_parts.h"

#include <ATen/ATen.h>

#include "infomtl/ops/packed/attention.h"
#include "infomtl/ops/packed/layer_norm.h"
#include "infomtl/ops/packed/linear.h"

namespace infomtl {
namespace {

// Several maps of one input as one product, [rows, O_1 + O_2 + ...].
Tensor side_by_side(const Tensor& x, const std::vector<const Linear*>& maps, const PackedRows& rows) {
  std::vector<Tensor> weights, biases;
  for (const Linear* map : maps) {
    weights.push_back(map->weight);
    if (map->bias.defined()) biases.push_back(map->bias);
  }
  return ops::stacked_linear(x, weights, biases, rows.owners, rows.derivatives);
}

}  // namespace

EncoderPass::EncoderPass(const PackedTokens& all_tokens, const EncodeOptions& asked, Tensor first_rows)
    : tokens(all_tokens), options(asked), first(std::move(first_rows)) {
  token_rows.derivatives = rows.derivatives = options.derivatives;
  if (options.segments == nullptr) return;
  token_rows.owners = options.segments->tokens();
  rows.owners = first.defined() ? options.segments->sequences() : options.segments->tokens();
}

Tensor EncoderPass::given(const Tensor& x) const { return first.defined() ? x.index_select(0, first) : x; }

Tensor Linear::operator()(const Tensor& x, const PackedRows& rows) const {
  return ops::linear(x, weight, bias, rows.owners, rows.derivatives);
}

Tensor LayerNorm::operator()(const Tensor& x, const PackedRows& rows) const {
  return ops::layer_norm(x, weight, bias, epsilon, rows.owners, rows.derivatives);
}

Tensor LayerNorm::of_sum(const Tensor& x, const Tensor& residual, double dropout, const EncoderPass& pass) const {
  return ops::residual_layer_norm(x, residual, dropout, pass.options.dropout, weight, bias, epsilon, pass.rows.owners,
                                  pass.rows.derivatives);
}

Tensor SelfAttention::operator()(const Tensor& given, const Tensor& x, const EncoderPass& pass) const {
  const PackedTokens& tokens = pass.tokens;
  const ops::SequenceOffsets offsets(tokens.offsets, tokens.device_offsets);
  Tensor attended;
  if (pass.first.defined()) {
    Tensor queries = query(given, pass.rows);
    Tensor kv = side_by_side(x, {&key, &value}, pass.token_rows);
    if (rotation) {
      queries = rotation(queries, tokens.positions.index_select(0, pass.first));
      const std::vector<Tensor> parts = kv.chunk(2, 1);
      kv = at::cat({rotation(parts[0], tokens.positions), parts[1]}, 1);
    }
    attended = ops::first_token_attention(queries, kv, offsets, heads, dropout, pass.options.dropout,
                                          pass.token_rows.owners, pass.token_rows.derivatives, bias);
  } else {
    Tensor qkv = side_by_side(x, {&query, &key, &value}, pass.token_rows);
    if (rotation) {
      const std::vector<Tensor> parts = qkv.chunk(3, 1);
      qkv = at::cat({rotation(parts[0], tokens.positions), rotation(parts[1], tokens.positions), parts[2]}, 1);
    }
    attended = ops::packed_attention(qkv, offsets, heads, dropout, pass.options.dropout, pass.token_rows.owners,
                                     pass.token_rows.derivatives, bias);
  }
  return output(attended, pass.rows);
}

Tensor FeedForward::operator()(const Tensor& x, const EncoderPass& pass) const {
  const Tensor hidden = ops::activate_packed(inner(x, pass.rows), activation, pass.rows.owners, pass.rows.derivatives);
  return output(hidden, pass.rows);
}

}  // namespace infomtl
