#pragma once
// Dropout whose mask is a function of a number drawn from the step's generator; the number is kept, the mask is not.
//
//   ops::TensorRandom random(seed);
//   Tensor y = ops::dropout(x, 0.1, &random);     // the same on every device for the same seed

#include <torch/types.h>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/dropout_pattern.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {

/// Each entry is zeroed with probability `rate`, the others are scaled by 1 / (1 - rate).
///
/// @param x any shape; @param rate in [0, 1); @param random null means x itself
/// @return like x; differentiable any number of times
/// @throws ShapeError when rate is outside [0, 1)
INFOMTL_API torch::Tensor dropout(const torch::Tensor& x, double rate, TensorRandom* random);

/// Draws the pattern of one use: one number from the generator, or none when rate is 0 or random is null (then nothing
/// is dropped).
/// @throws ShapeError when rate is outside [0, 1)
INFOMTL_API DropoutPattern draw_dropout(double rate, TensorRandom* random);

/// The mask that dropout() multiplies by, of x's shape, type and device: 0 or 1 / (1 - rate).
INFOMTL_API torch::Tensor dropout_mask(const torch::Tensor& like, double rate, TensorRandom& random);

/// The pattern at chosen rows, by tensor operations on the device of `rows`.
///
/// @param rows int64 of any shape; @return [..., width] of 0 or the scale, without graph
INFOMTL_API torch::Tensor dropout_mask(const DropoutPattern& pattern, const torch::Tensor& rows, std::int64_t width,
                                       torch::ScalarType type);

}  // namespace infomtl::ops
