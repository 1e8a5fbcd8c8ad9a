#pragma once
// The contestants of the information benchmark: each estimator with its critic, and its formula with the analytic
// critic.

#include <functional>
#include <string>
#include <vector>

#include "analysis/information_critics.h"
#include "infomtl/analysis/information_benchmark.h"

namespace infomtl::analysis {

/// What a training step yields: what is minimised, and the estimate in nats.
struct Attempt {
  Tensor loss;
  Tensor nats;
};

/// Pairs whose densities are known; float64.
struct KnownPairs {
  Tensor x, y;
  Tensor conditional;  ///< log p(y_j | x_i), [N, N]
  Tensor pmi;          ///< log p(y_j | x_i) / p(y_j), [N, N]
  double rho = 0;
};

struct Contestant {
  std::string name;
  std::string side;
  /// Builds the critic: its parameters are added to the list, the returned function tries a batch x, y [N, k].
  /// Empty when there is nothing to train.
  std::function<std::function<Attempt(const Tensor& x, const Tensor& y)>(const InformationBenchmarkSettings& settings,
                                                                         Draws& draws, std::vector<Tensor>& parameters)>
      critic;
  /// The formula with the analytic critic; empty when it has none.
  std::function<Tensor(const KnownPairs& pairs)> analytic;
};

const std::vector<Contestant>& contestants();

}  // namespace infomtl::analysis
