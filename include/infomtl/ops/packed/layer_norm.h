#pragma once
// Layer norm of packed matrices, alone or with the dropout and the residual sum that precede it in a transformer.
//
//   Tensor y = ops::residual_layer_norm(attended, states, 0.1, &random, weight, bias, 1e-12, owners);
//
// Letters: N rows, H width.

#include <torch/types.h>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/derivatives.h"
#include "infomtl/ops/packed/row_owners.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {

/// (x - mean) / sqrt(variance + epsilon) * weight + bias over each row, variance without Bessel's correction.
///
/// @param x [N, H]; @param weight, bias [H]; @param owners as in linear()
/// @return [N, H]
/// @throws ShapeError
INFOMTL_API torch::Tensor layer_norm(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                                     double epsilon, const RowOwners& owners = {},
                                     Derivatives derivatives = Derivatives::once);

/// layer_norm(residual + dropout(x)): the step after attention and after the feed-forward part of a post-norm layer.
///
/// @param x, residual [N, H]; @param rate of dropping, in [0, 1); @param random null means no dropout
INFOMTL_API torch::Tensor residual_layer_norm(const torch::Tensor& x, const torch::Tensor& residual, double rate,
                                              TensorRandom* random, const torch::Tensor& weight,
                                              const torch::Tensor& bias, double epsilon, const RowOwners& owners = {},
                                              Derivatives derivatives = Derivatives::once);

}  // namespace infomtl::ops
