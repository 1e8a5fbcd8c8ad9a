#pragma once
// Dropout whose mask is a function of a number drawn from the step's generator; the number is kept, the mask is not.

#include <torch/types.h>

#include "infomtl/core/export.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {

/// Each entry is zeroed with probability `rate`, the others are scaled by 1 / (1 - rate).
///
/// @param x any shape; @param rate in [0, 1); @param random null means x itself
/// @return like x; differentiable once (heads that need more use at::dropout's arithmetic on a mask of their own)
/// @throws ShapeError when rate is outside [0, 1)
INFOMTL_API torch::Tensor dropout(const torch::Tensor& x, double rate, TensorRandom* random);

/// The mask itself, of x's shape and type: 0 or 1 / (1 - rate); multiply by it where second derivatives are wanted.
INFOMTL_API torch::Tensor dropout_mask(const torch::Tensor& like, double rate, TensorRandom& random);

}  // namespace infomtl::ops
