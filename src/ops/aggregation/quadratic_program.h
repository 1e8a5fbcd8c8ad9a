#pragma once
// The one quadratic program behind the solvers: a positive semidefinite form over nonnegative variables.

#include "ops/aggregation/dense.h"

namespace infomtl::ops::dense {

struct NonnegativeMinimum {
  Vector x;
  bool bounded =
      true;  ///< false: the objective falls without end along a nonnegative direction; x is where that was seen
  std::size_t iterations = 0;
};

/// min 1/2 x^T H x - f^T x over x >= 0, H positive semidefinite, possibly singular.
///
/// Active sets after Lawson and Hanson (Solving Least Squares Problems, 1974, ch. 23), on H with unit diagonal, so rows
/// of very unequal scale do not matter. A column that depends on the free ones enters by an exchange along the null
/// direction.
NonnegativeMinimum minimize_nonnegative(const Matrix& form, const Vector& linear);

}  // namespace infomtl::ops::dense
