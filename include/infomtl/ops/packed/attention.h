#pragma once
// Multi-head self-attention over sequences packed end to end; a token sees its own sequence only, nothing is padded.
//
// Letters: N tokens, S sequences, H width, A heads.

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/gradient_segments.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {

/// softmax(Q K^T / sqrt(H / A)) V in each sequence and head, with dropout of the probabilities.
///
/// @param qkv [N, 3H]: queries, keys, values side by side, each with its heads side by side
/// @param offsets [S+1] int32 on the CPU: sequence s is rows offsets[s] .. offsets[s+1]
/// @param rate of dropping, in [0, 1); @param random null means no dropout
/// @param segments  null: none; else a backward pass that uses up its graph writes gradients over queries, keys and
///   values, which no one else may need then
/// @return [N, H]; differentiable once; probabilities are computed again in the backward pass, never kept
/// @throws ShapeError
INFOMTL_API torch::Tensor packed_attention(const torch::Tensor& qkv, const torch::Tensor& offsets, std::int64_t heads,
                                           double rate, TensorRandom* random,
                                           const std::shared_ptr<GradientSegments>& segments = nullptr);

/// The same for one query per sequence, that of its first token: all a last layer needs when only the first token is
/// read.
///
/// @param query [S, H]; @param kv [N, 2H]
/// @return [S, H], equal to rows offsets[0 .. S-1] of packed_attention without dropout
INFOMTL_API torch::Tensor first_token_attention(const torch::Tensor& query, const torch::Tensor& kv,
                                                const torch::Tensor& offsets, std::int64_t heads, double rate,
                                                TensorRandom* random,
                                                const std::shared_ptr<GradientSegments>& segments = nullptr);

}  // namespace infomtl::ops
