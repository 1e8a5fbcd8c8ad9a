#pragma once
// Bilevel: task weights chosen so that a training step with them lowers the losses of another batch. Upper losses F are
// those of the second batch, lower losses f those of the first; what the model must compute comes in as numbers.
//
//   double h = auto_lambda_step(upper_gradient.norm().item<double>());
//   // evaluate the lower losses at theta + h v and theta - h v, then
//   Tensor on_lambda = auto_lambda_gradient(above, below, learning_rate, h);

#include <torch/types.h>

#include "infomtl/ops/aggregation/gram.h"
#include "infomtl/ops/aggregation/min_norm.h"

namespace infomtl::ops {

/// Auto-Lambda's step of the finite difference: 0.01 / ||v||, v the gradient of the upper losses after the virtual
/// step; 0 for v = 0.
/// @throws NonFiniteError
INFOMTL_API double auto_lambda_step(double upper_norm);

/// Auto-Lambda's gradient on the task weights (Liu et al. 2022): -lr (f(theta + h v) - f(theta - h v)) / (2 h), [T]
/// float64; 0 for h = 0. Both sides must see the same dropout masks, or their noise is divided by 2 h.
///
/// @param above, below [T] lower losses
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor auto_lambda_gradient(const torch::Tensor& above, const torch::Tensor& below,
                                               double learning_rate, double step);

struct Moml {
  torch::Tensor gradient;  ///< [T] float64, on the logits
  MinNorm upper;           ///< how the upper tasks were combined
};

/// MOML with one inner step (Ye et al. 2021): row t = -lr g^F_t (G^f)^T J_softmax is the gradient of upper loss t on
/// the logits s of the lower weights softmax(s); the rows are divided as `normalizer` says and combined at their
/// min-norm point.
///
/// @param cross [T, T], G^F (G^f)^T of the upper gradients after and the lower ones before the inner step
/// @param losses [T] upper losses, read by the loss normalizers only
/// @throws ShapeError, NonFiniteError
INFOMTL_API Moml moml(const torch::Tensor& cross, const torch::Tensor& logits, double learning_rate,
                      Normalizer normalizer = Normalizer::kL2, const torch::Tensor& losses = {});

struct Forum {
  torch::Tensor lambda;  ///< [T] float64 on the simplex, after averaging with the previous one
  torch::Tensor
      row_weights;   ///< [T + 1] float64: lambda_t / ||g^F_t||, then nu; the direction is their combination of the rows
  Solution program;  ///< the unaveraged program: weights [T + 1] = lambda and nu on unit rows; residual: KKT violation
};

/// FORUM's direction (Ye et al. 2024): the shortest step that moves all upper losses alike while the value-function
/// constraint q falls by at least phi ||q||^2. Dual program over unit upper gradients: min 1/2 ||sum_t lambda_t u_t +
/// nu q||^2 - nu phi ||q||^2, lambda on the simplex, nu >= 0, where nu = max(sum_t lambda_t pi_t, 0) with pi_t = phi -
/// u_t.q / ||q||^2; then lambda is averaged, previous + rate (lambda - previous), and nu taken anew. (LibMTL solves the
/// program without the 1/2 and with nu held at or above that value, which is a different minimiser.)
///
/// @param gram [T + 1, T + 1] of the T upper gradients and q as the last row; zero upper rows stay zero
/// @param previous [T] on the simplex, undefined at first; @param rate in (0, 1], as (epoch + 1)^(-3/4)
/// @throws ShapeError (T + 1 < 2), NonFiniteError
INFOMTL_API Forum forum(const torch::Tensor& gram, const torch::Tensor& previous, double rate, double phi = 0.1);

}  // namespace infomtl::ops
