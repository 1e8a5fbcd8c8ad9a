#pragma once
// Attention by ordinary tensor operations, sequences of equal length together: the path of devices and types that the
// loops do not cover, and the plain path that tests compare the loops with.

#include <torch/types.h>

#include "infomtl/core/export.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {

/// @param query [N, H], or [S, H] when first_token; @param key, value [N, H]; the rest as packed_attention()
INFOMTL_API torch::Tensor grouped_attention(const torch::Tensor& query, const torch::Tensor& key,
                                            const torch::Tensor& value, const torch::Tensor& offsets,
                                            std::int64_t heads, bool first_token, double rate, TensorRandom* random);

}  // namespace infomtl::ops
