#pragma once
// The mask of a dropout pattern by tensor operations, for every device: what the loops of cpu/ compute as they go.

#include <torch/types.h>

#include <cstdint>

#include "infomtl/ops/packed/dropout_pattern.h"

namespace infomtl::ops {

/// @param rows int64 of any shape; @return [..., width] of 0 or the pattern's scale, without graph
at::Tensor pattern_mask(const DropoutPattern& pattern, const at::Tensor& rows, std::int64_t width, at::ScalarType type);

}  // namespace infomtl::ops
