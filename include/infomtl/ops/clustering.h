#pragma once
// Clustering: groups of rows that lie close to each other.
//
//   Tensor groups = ops::k_means(outputs, 3, {.seed = 0});      // [N] int64 in 0..2

#include <torch/types.h>

#include <cstdint>

#include "infomtl/core/export.h"

namespace infomtl::ops {

struct KMeansOptions {
  std::uint64_t seed = 0;
  int restarts = 10;          ///< the one with the least sum of squared distances is taken
  int most_iterations = 300;  ///< of Lloyd's algorithm
};

/// k-means by Lloyd's algorithm from k-means++ starts (Arthur and Vassilvitskii 2007), a function of rows and seed.
/// @param rows  [N, D], N >= groups; computed in float64 on the CPU
/// @return [N] int64: the group of each row @throws ShapeError; NonFiniteError
INFOMTL_API torch::Tensor k_means(const torch::Tensor& rows, std::int64_t groups, const KMeansOptions& options = {});

}  // namespace infomtl::ops
