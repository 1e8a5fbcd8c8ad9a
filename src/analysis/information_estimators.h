#pragma once
// The estimators of the information benchmark: each with what it trains, and its formula with the analytic critic.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "analysis/trained_estimator.h"

namespace infomtl::analysis {

/// Pairs whose densities are known; float64.
struct KnownPairs {
  Tensor x, y;         ///< [N, k]
  Tensor conditional;  ///< log p(y_j | x_i), [N, N]
  Tensor pmi;          ///< log p(y_j | x_i) / p(y_j), [N, N]
  double rho = 0;
};

struct Estimator {
  std::string name;
  std::string kind;  ///< "lower" or "upper" bound, or "estimate"
  /// Empty when there is nothing to train.
  std::function<std::unique_ptr<TrainedEstimator>(const CriticSettings& settings)> train;
  /// The formula with the analytic critic: a scalar, nats.
  std::function<Tensor(const KnownPairs& pairs)> analytic;
};

const std::vector<Estimator>& estimators();

}  // namespace infomtl::analysis
