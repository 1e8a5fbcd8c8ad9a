#pragma once
// The plain path: packed operations as short compositions of ATen's, on any device, differentiable twice, with
// the dropout masks of the fast ones. The doors take it for Derivatives::twice, and tests judge the fast ones by it.
//
// Shapes as in the public headers; nothing is checked here. No owners: parameter gradients are ordinary ones.

#include <torch/types.h>

#include <vector>

#include "infomtl/core/export.h"
#include "ops/packed/backend.h"

namespace infomtl::ops::plain {

/// Weights and biases (as many, or none) side by side, rounded to the type of x.
INFOMTL_API at::Tensor linear(const at::Tensor& x, const std::vector<at::Tensor>& weights,
                              const std::vector<at::Tensor>& biases);

/// Computed in the type of the weight, as are the sum and the dropout of residual_layer_norm().
INFOMTL_API at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                  double epsilon);
INFOMTL_API at::Tensor residual_layer_norm(const at::Tensor& x, const at::Tensor& residual,
                                           const DropoutPattern& pattern, const at::Tensor& weight,
                                           const at::Tensor& bias, double epsilon);

INFOMTL_API at::Tensor embedding_sum(const std::vector<at::Tensor>& tables, const std::vector<at::Tensor>& ids);

INFOMTL_API at::Tensor dropout(const at::Tensor& x, const DropoutPattern& pattern);

/// Sequences of equal length together; gradients reach query, kv and bias.
INFOMTL_API at::Tensor attention(const AttentionInput& in);

}  // namespace infomtl::ops::plain
