#pragma once
// The dropout mask of one use: on the CPU a pattern (a seed), elsewhere a stored mask.

#include <torch/types.h>

#include "infomtl/ops/tensor_random.h"
#include "ops/packed/cpu/kernels.h"

namespace infomtl::ops {

/// Draws one number from the generator, or nothing when rate is 0 or random is null (then nothing is dropped).
/// @throws ShapeError when rate is outside [0, 1)
kernels::DropoutPattern draw_pattern(double rate, TensorRandom* random);

/// The pattern laid over a matrix: [rows, width] of 0 or 1 / (1 - rate), of the given CPU type.
torch::Tensor pattern_mask(const kernels::DropoutPattern& pattern, std::int64_t rows, std::int64_t width,
                           at::ScalarType type);

/// x times the pattern's mask; x [rows, width] contiguous on the CPU.
torch::Tensor apply_pattern(const kernels::DropoutPattern& pattern, const torch::Tensor& x);

}  // namespace infomtl::ops
