#pragma once
// Given gradient: a number whose gradient in some tensors is known beforehand, as an ordinary summand of a loss.

#include <torch/types.h>

#include <vector>

namespace infomtl {

/// `value` (a scalar, detached), with d/d tensors[i] = gradients[i]; an undefined gradient is none. First derivatives
/// only: backward under create_graph throws StateError.
torch::Tensor with_given_gradient(const torch::Tensor& value, const std::vector<torch::Tensor>& tensors,
                                  const std::vector<torch::Tensor>& gradients);

}  // namespace infomtl
