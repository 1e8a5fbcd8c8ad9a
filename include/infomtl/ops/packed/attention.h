#pragma once
// Multi-head self-attention over sequences packed end to end; a token sees its own sequence only, nothing is padded.
//
//   Tensor qkv = ops::stacked_linear(x, {wq, wk, wv}, {bq, bk, bv}, owners);
//   Tensor attended = ops::packed_attention(qkv, offsets, heads, 0.1, &random, owners);
//
// Letters: N tokens, S sequences, H width, A heads, K buckets, L the longest sequence that a bias knows.

#include <torch/types.h>

#include <cstdint>
#include <utility>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/derivatives.h"
#include "infomtl/ops/packed/row_owners.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {

/// Relative position bias (T5, MPNet): a number per head and bucket of the distance between key and query, added to the
/// scores after they were divided by sqrt(H / A). One table may serve several layers; their gradients add up.
struct AttentionBias {
  torch::Tensor table;    ///< [K, A] parameter, float32 (float64 for float64 input); undefined: no bias
  torch::Tensor buckets;  ///< [2L-1] int64 on the CPU, in 0..K: that of the distance d = key - query at index d + L - 1
};

/// Where sequences begin among packed rows: sequence s is rows host[s] .. host[s+1]. A tensor on the CPU is enough;
/// where the rows are on another device, a copy there spares every call a copy.
struct SequenceOffsets {
  torch::Tensor host;    ///< [S+1] int32 on the CPU
  torch::Tensor device;  ///< the same on the rows' device; may be undefined

  SequenceOffsets(torch::Tensor on_host, torch::Tensor on_device = {})  // a tensor is one, unsaid
      : host(std::move(on_host)), device(std::move(on_device)) {}
};

/// softmax(Q K^T / sqrt(H / A) + bias) V in each sequence and head, with dropout of the probabilities.
///
/// @param qkv [N, 3H]: queries, keys, values side by side, each with its heads side by side
/// @param rate of dropping, in [0, 1); @param random null means no dropout
/// @param owners of the N tokens: per-task gradients of the bias table go to their sink; in the last backward pass
///   gradients overwrite qkv
/// @return [N, H]; probabilities are computed again in the backward pass, never kept
/// @throws ShapeError, also where a sequence is longer than L or a bucket is outside the table
INFOMTL_API torch::Tensor packed_attention(const torch::Tensor& qkv, const SequenceOffsets& offsets, std::int64_t heads,
                                           double rate, TensorRandom* random, const RowOwners& owners = {},
                                           Derivatives derivatives = Derivatives::once, const AttentionBias& bias = {});

/// The same for one query per sequence, that of its first token: all a last layer needs when only the first token is
/// read.
///
/// @param query [S, H]; @param kv [N, 2H]; @param owners of the N tokens, as above
/// @return [S, H], equal to rows offsets[0 .. S-1] of packed_attention for the same random numbers
INFOMTL_API torch::Tensor first_token_attention(const torch::Tensor& query, const torch::Tensor& kv,
                                                const SequenceOffsets& offsets, std::int64_t heads, double rate,
                                                TensorRandom* random, const RowOwners& owners = {},
                                                Derivatives derivatives = Derivatives::once,
                                                const AttentionBias& bias = {});

}  // namespace infomtl::ops
