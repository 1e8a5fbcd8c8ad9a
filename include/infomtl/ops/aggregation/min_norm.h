#pragma once
// The shortest vector in the convex hull of the task gradients (MGDA), exact.
//
//   MinNorm found = min_norm(gram(jacobian), normalizers(Normalizer::kL2, gram(jacobian), losses));
//   Tensor direction = combine(jacobian, found.weights);      // direction . g_t >= ||direction||^2 for every task

#include <torch/types.h>

#include "infomtl/ops/aggregation/gram.h"

namespace infomtl::ops {

/// What each task gradient is divided by before the hull is formed (Sener and Koltun 2018, released code).
enum class Normalizer { kNone, kL2, kLoss, kLossL2 };

/// [T] float64 divisors: 1, ||g_t||, L_t or L_t ||g_t||; a divisor of 0 becomes 1 (a zero row stays what it is).
///
/// @param gram [T, T]; @param losses [T], read only where the kind needs them (else may be undefined)
/// @throws ShapeError, NonFiniteError (also for a negative loss)
INFOMTL_API torch::Tensor normalizers(Normalizer kind, const torch::Tensor& gram, const torch::Tensor& losses = {});

struct MinNorm : Solution {
  torch::Tensor simplex;      ///< [T] float64, the point of the simplex; weights = simplex / divisors
  double squared_norm = 0.0;  ///< w^T K w of the divided rows
};

/// min_w w^T K w over the probability simplex (Desideri 2012; Sener and Koltun 2018), on rows divided by `divisors`.
///
/// Solved as the nonnegative least-squares problem of the rows with a 1 appended, whose normalised solution it is.
/// residual: duality gap (w^T K w - min_t (K w)_t) / trace K. stationary: w^T K w is rounding. Among several minimisers
/// (equal rows) one is returned; G^T w is unique. Two tasks: w_1 = clip((g_2 - g_1).g_2 / ||g_1 - g_2||^2, 0, 1).
///
/// @param gram [T, T]; @param divisors [T] > 0, undefined for none
/// @throws ShapeError, NonFiniteError
INFOMTL_API MinNorm min_norm(const torch::Tensor& gram, const torch::Tensor& divisors = {});

}  // namespace infomtl::ops
