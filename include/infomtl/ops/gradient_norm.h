#pragma once
// Gradient norm: the squared length of a loss's gradient in the parameters of a predictor, as a function of the rows that
// the predictor reads, so that the rows can be moved to where it is small (dummy gradient norm regularisation, Shin, Do and
// Son, ECCV 2024).
//
// Letters: B rows, D their width, psi the parameters.

#include <torch/types.h>

#include <functional>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// ||d loss / d psi||^2, with the graph that double backpropagation needs; a parameter that the loss does not read adds 0.
///
/// @param loss  scalar with graph, of operations that can be differentiated twice
/// @return scalar of the loss's type; 0 without a graph where there are no parameters
/// @throws ShapeError for a loss that is no scalar
INFOMTL_API torch::Tensor squared_gradient_norm(const torch::Tensor& loss,
                                                const std::vector<torch::Tensor>& parameters);

/// Value and gradient, both detached.
struct GradientNormEstimate {
  torch::Tensor value;     ///< scalar
  torch::Tensor gradient;  ///< [B, D], in the rows
};

/// The same by first derivatives alone, as the released code of Shin et al. has it: with d = dD/dpsi and the loss D+ at
/// psi + epsilon d / ||d||,
///   value ((D+ - D) / epsilon)^2, gradient 2 (D+ - D) (dD+/dz - dD/dz) / epsilon^2
/// which are ||d||^2 and its gradient to the first order of epsilon. A ||d|| below 1e-8 counts as 1e-8. In float32 an epsilon
/// below 1e-4 is lost in rounding.
///
/// @param loss  the scalar loss of rows [B, D]; the same function at each call, so without dropout of its own
/// @param rows  [B, D]; their graph is not entered
/// @param parameters  leaves; moved for the time of the call, then what they were, to the bit
INFOMTL_API GradientNormEstimate squared_gradient_norm_by_difference(
    const std::function<torch::Tensor(const torch::Tensor&)>& loss, const torch::Tensor& rows,
    const std::vector<torch::Tensor>& parameters, double epsilon);

}  // namespace infomtl::ops
