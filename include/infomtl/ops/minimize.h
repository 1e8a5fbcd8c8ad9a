#pragma once
// Minimize: limited-memory BFGS (Liu and Nocedal 1989) for smooth functions whose minimum is wanted to many digits.
//
//   const Minimum found = minimize([&](const Tensor& w) { return objective.value_and_gradient(w); }, start, {.tolerance = 1e-9});
//
// Steps are halved or doubled until value and slope fit (weak Wolfe conditions; Lewis and Overton 2013). Near the minimum,
// where values differ by rounding only, the slope alone decides: so gradients go far below the square root of the rounding
// error, where a search that needs lower values stops.

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <utility>

#include "infomtl/core/export.h"

namespace infomtl::ops {

struct MinimizeOptions {
  double tolerance = 1e-8;         ///< of the gradient's length
  std::int64_t iterations = 3000;  ///< at most
  std::int64_t history = 100;      ///< pairs of steps and changes of the gradient that are kept
  /// What stands for the inverse Hessian at first, H^-1 v of v [P], up to a factor that the last step tells; empty: the
  /// identity.
  std::function<torch::Tensor(const torch::Tensor&)> inverse = {};
  /// Called after each iteration with its number, the value and the gradient's length; false ends the search. May be empty.
  std::function<bool(std::int64_t, double, double)> progress = {};
};

struct Minimum {
  torch::Tensor point;  ///< [P]
  double value = 0;
  double gradient = 0;  ///< its length
  std::int64_t iterations = 0;
  bool reached = false;  ///< whether the tolerance was
};

/// @param function  value and gradient [P] at a point [P], float64 @throws NonFiniteError where the start has no finite value
INFOMTL_API Minimum minimize(const std::function<std::pair<double, torch::Tensor>(const torch::Tensor&)>& function,
                             const torch::Tensor& start, const MinimizeOptions& options = {});

}  // namespace infomtl::ops
