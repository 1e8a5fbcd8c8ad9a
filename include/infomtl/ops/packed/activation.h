#pragma once
// Activations under the names that Hugging Face configs use.
//
//   Tensor y = ops::activate(x, ops::activation_of_name("gelu_new"));

#include <torch/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/derivatives.h"
#include "infomtl/ops/packed/row_owners.h"

namespace infomtl::ops {

enum class Activation {
  gelu,       ///< x Phi(x) with the exact error function
  gelu_tanh,  ///< the tanh approximation: gelu_new, gelu_pytorch_tanh, gelu_fast
  relu,
  silu,  ///< x sigmoid(x), also called swish
  tanh,
};

/// @throws UnknownNameError with the nearest known name
INFOMTL_API Activation activation_of_name(std::string_view name);
INFOMTL_API const std::vector<std::string>& activation_names();

/// Elementwise; twice differentiable (plain tensor operations).
INFOMTL_API torch::Tensor activate(const torch::Tensor& x, Activation activation);

/// The same for large matrices: exact GELU in one pass of the CPU's loops (at most 1e-6 off in float32), differentiable
/// once; the other activations, and every one with Derivatives::twice, as activate().
///
/// @param x any shape; float32, float64 or bfloat16 (computed in float32); its memory may be overwritten in backward,
///   do not read it afterwards
/// @param owners of the rows of x; in the last backward pass the gradient overwrites `x`
INFOMTL_API torch::Tensor activate_packed(const torch::Tensor& x, Activation activation, const RowOwners& owners = {},
                                          Derivatives derivatives = Derivatives::once);

}  // namespace infomtl::ops
