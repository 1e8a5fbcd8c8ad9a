#pragma once
// Backend: the packed operations of one device and scalar type, a table of functions over tensors without graph.
//
//   const PackedBackend& backend = backend_of(x);      // choose_backend.h
//   at::Tensor y = backend.gelu(x);
//
// The doors (attention.cpp, layer_norm.cpp, ...) check shapes, hold autograd functions and owners, and ask a table for
// the arithmetic. cpu/ has tables around its loops and cuda/ around its kernels; every other device and type gets
// ATen's operations. Another device is one more folder with one more table. Matrix products are not here: products.h and ATen choose theirs.
//
// Letters: N tokens, S sequences, H width, A heads.

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "infomtl/ops/packed/dropout_pattern.h"
#include "infomtl/ops/packed/row_owners.h"

namespace infomtl::ops {

/// Attention over packed sequences. The mask of the probabilities is the pattern's at row A * (query's token) + head
/// and column j, the key's place in its sequence.
struct AttentionInput {
  at::Tensor query;    ///< [S, H] of the first tokens; undefined: kv holds queries of all tokens
  at::Tensor kv;       ///< [N, 2H] keys, values; or [N, 3H] with the queries before them
  at::Tensor offsets;  ///< [S+1] int32 on the CPU
  std::int64_t heads = 1;
  DropoutPattern pattern;
  /// [A, 2N] of the computing type, added to the scaled scores: sequence s and distance d = key - query have theirs at
  /// column 2 offsets[s] + d + length_s - 1. Undefined: none.
  at::Tensor bias;
  at::Tensor device_offsets = {};  ///< offsets on the device of kv; undefined: nobody has made a copy

  bool first_token() const { return query.defined(); }
};

/// Where gradients are written, as the inputs are laid out: over an input or beside it. Undefined where there is none.
struct AttentionGradients {
  at::Tensor query, kv, bias;
};

/// Layer norm of residual + dropout(x).
struct NormInput {
  at::Tensor x;             ///< [N, H]
  at::Tensor residual;      ///< [N, H] or undefined
  DropoutPattern pattern;   ///< of x
  at::Tensor weight, bias;  ///< [H] of the computing type
  double epsilon = 0;
};

struct Normed {
  at::Tensor out, sum;                 ///< [N, H]; sum is x itself without residual
  at::Tensor mean, inverse_deviation;  ///< [N] or [N, 1] of the computing type
};

struct NormGradients {
  at::Tensor sum;           ///< [N, H], written: the gradient of the residual
  at::Tensor x;             ///< [N, H], written where the pattern drops, else the same tensor as sum
  at::Tensor weight, bias;  ///< [H], contiguous, added to
};

/// Gradients are with respect to the result. Tensors are contiguous.
struct PackedBackend {
  /// [N, H], or [S, H] for queries of first tokens.
  at::Tensor (*attention)(const AttentionInput& in);
  void (*attention_gradient)(const AttentionInput& in, const at::Tensor& gradient, const AttentionGradients& places);
  Normed (*layer_norm)(const NormInput& in);
  /// Of some rows only. `normed.out` may be undefined; `places.sum` or `places.x` may be `normed.sum`.
  void (*layer_norm_gradient)(const at::Tensor& gradient, const Normed& normed, const at::Tensor& weight,
                              const DropoutPattern& pattern, RowRange rows, const NormGradients& places);
  /// x times the pattern's mask, laid over x as a matrix of x.size(-1) columns.
  at::Tensor (*dropout)(const at::Tensor& x, const DropoutPattern& pattern);
  /// x Phi(x) with the exact error function.
  at::Tensor (*gelu)(const at::Tensor& x);
  /// Writes the gradient to `place`, which may be x.
  void (*gelu_gradient)(const at::Tensor& x, const at::Tensor& gradient, const at::Tensor& place);
  /// [N, H]: for token n the sum of the rows ids[k][n] (int64) of the tables, in their order.
  at::Tensor (*embedding_sum)(const std::vector<at::Tensor>& tables, const std::vector<at::Tensor>& ids);
  /// Adds row n of `rows` to the row of `sums` that places[n] (int64) names, in the order of n.
  void (*add_rows)(const at::Tensor& sums, const at::Tensor& places, const at::Tensor& rows);
};

/// The type that numbers stored as `type` are computed with: float32 for narrower ones, else the type itself.
inline at::ScalarType compute_type(at::ScalarType type) { return type == at::kDouble ? at::kDouble : at::kFloat; }

}  // namespace infomtl::ops
