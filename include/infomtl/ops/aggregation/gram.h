#pragma once
// Task gradients as the rows of a Jacobian G [T, P], and their Gram matrix K = G G^T [T, T], which is all that most
// ways of combining them need. Letters in this folder: T tasks, P shared parameters.
//
//   Tensor k = gram(jacobian);                       // float64 on the CPU, whatever the Jacobian is
//   Solution s = min_norm(k);                        // weights [T] and how far from optimal they are
//   Tensor direction = combine(jacobian, s.weights); // [P], type and device of the Jacobian

#include <torch/types.h>

#include <cstdint>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// What a solver found.
struct Solution {
  torch::Tensor weights;  ///< [T] float64 CPU, multipliers of the rows of G: d = G^T weights
  double residual = 0.0;  ///< distance from optimality, free of the scale of G; each function says which
  std::int64_t iterations = 0;
  bool stationary =
      false;  ///< no direction improves all tasks (0 lies in the convex hull of the rows), where it was noticed
};

/// K = G G^T [T, T], float64 on the CPU, products accumulated in float64 over blocks of columns.
///
/// @param jacobian [T, P], any floating type and device, T >= 1
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor gram(const torch::Tensor& jacobian);

/// The sum that add_gram() begins from: [T, T] zeros in float64 on the device of the rows. On another device than the CPU it
/// grows there, and is copied to the host once, by whoever needs it there.
INFOMTL_API torch::Tensor zero_gram(const torch::Tensor& rows);

/// sum += R R^T, accumulated in float64 whatever R is; nothing is checked to be finite. The result does not depend on
/// the number of threads.
///
/// @param rows [T, n] float32 or float64, any device, some columns of a Jacobian; @param sum [T, T] float64 on the same
/// @throws ShapeError
INFOMTL_API void add_gram(const torch::Tensor& rows, const torch::Tensor& sum);

/// A B^T [T, T] of two Jacobians from independent batches; not symmetric. Same types and errors as `gram`.
INFOMTL_API torch::Tensor cross_gram(const torch::Tensor& a, const torch::Tensor& b);

/// d = G^T w [P] in the type and on the device of G; rows of weight 0 are left out, whatever they hold.
///
/// @param jacobian [T, P]; @param weights [T], any floating type and device
/// @throws ShapeError; NonFiniteError for the weights
INFOMTL_API torch::Tensor combine(const torch::Tensor& jacobian, const torch::Tensor& weights);

/// The nearest point of the probability simplex {w >= 0, sum w = 1} in Euclidean distance, [T] float64.
///
/// max(y - theta, 0) with the theta that makes the sum 1, found on a shrinking support (Michelot 1986).
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor project_onto_simplex(const torch::Tensor& point);

}  // namespace infomtl::ops
