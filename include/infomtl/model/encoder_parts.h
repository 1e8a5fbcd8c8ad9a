#pragma once
// Parts of a transformer encoder's layers on packed tokens: linear maps, layer norms, self-attention, feed-forward nets.
// A layer is a few of them in the order of its design; where it stands in the encoder, EncoderPass knows.
//
//   const Tensor given = pass.given(x);                                         // post-norm, as BERT has it
//   Tensor middle = norm.of_sum(attention(given, x, pass), given, 0.1, pass);
//   const Tensor normed = norm(x, pass.token_rows);                             // pre-norm
//   Tensor middle = pass.given(x) + attention(pass.given(normed), normed, pass);
//
// Parts hold handles to parameters that a TransformerEncoder registers (transformer_encoder.h).
// Letters: N tokens, S sequences, R rows of a pass (N or S), H width, A heads, D = H / A.

#include <torch/types.h>

#include <cstdint>
#include <functional>

#include "infomtl/core/export.h"
#include "infomtl/model/encoder.h"
#include "infomtl/ops/packed/activation.h"
#include "infomtl/ops/packed/attention.h"
#include "infomtl/ops/packed/derivatives.h"
#include "infomtl/ops/packed/row_owners.h"

namespace infomtl {

/// What operations are told of the rows of their matrices.
struct PackedRows {
  ops::RowOwners owners;  ///< the tasks they belong to; none: ordinary gradients
  ops::Derivatives derivatives = ops::Derivatives::once;
};

/// One pass over packed tokens, as a layer sees it.
struct INFOMTL_API EncoderPass {
  /// @param first [S] int64, the rows of first tokens, where the layer is to give only their states, [S, H];
  ///   undefined: those of all tokens, [N, H]
  EncoderPass(const PackedTokens& tokens, const EncodeOptions& options, Tensor first = {});

  /// The rows of x [N, H] whose states the layer gives: [R, H].
  Tensor given(const Tensor& x) const;

  const PackedTokens& tokens;
  const EncodeOptions& options;
  Tensor first;
  PackedRows token_rows;  ///< of matrices [N, ...]
  PackedRows rows;        ///< of matrices [R, ...]
};

/// x weight^T + bias; a bias may be undefined.
struct INFOMTL_API Linear {
  Tensor weight, bias;  ///< [O, I], [O]

  Tensor operator()(const Tensor& x, const PackedRows& rows) const;
};

struct INFOMTL_API LayerNorm {
  Tensor weight, bias;  ///< [H]
  double epsilon = 1e-12;

  Tensor operator()(const Tensor& x, const PackedRows& rows) const;
  /// The norm of residual + dropout(x), all [R, H]: where a post-norm layer has it.
  Tensor of_sum(const Tensor& x, const Tensor& residual, double dropout, const EncoderPass& pass) const;
};

/// Multi-head self-attention with the projections before and after it.
struct INFOMTL_API SelfAttention {
  Linear query, key, value, output;
  std::int64_t heads = 1;
  double dropout = 0.0;          ///< of the probabilities
  ops::AttentionBias bias = {};  ///< of relative positions; undefined: none
  /// Acts on queries and keys [rows, H], heads side by side, before they meet; the second argument is each row's position
  /// [rows] int64. Made of plain tensor operations: a rotation by positions, say. Empty: none.
  std::function<Tensor(const Tensor& x, const Tensor& positions)> rotation = {};

  /// @param given [R, H], pass.given(x): where queries come from; @param x [N, H]: where keys and values come from
  /// @return [R, H]
  Tensor operator()(const Tensor& given, const Tensor& x, const EncoderPass& pass) const;
};

/// output(activation(inner(x))).
struct INFOMTL_API FeedForward {
  Linear inner, output;
  ops::Activation activation = ops::Activation::gelu;

  /// @param x [R, H]
  Tensor operator()(const Tensor& x, const EncoderPass& pass) const;
};

}  // namespace infomtl
