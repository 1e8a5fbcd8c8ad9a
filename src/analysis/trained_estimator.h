#pragma once
// Trained estimator: an estimator of mutual information whose critic, or whose conditional density, is learned.

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/ops/dense_net.h"
#include "infomtl/optim/flat_parameters.h"

namespace infomtl::analysis {

/// Form and widths of what is trained.
struct CriticSettings {
  std::string form;             ///< "separable" or "concat"
  std::int64_t dimensions = 0;  ///< k, of x and of y
  std::int64_t hidden = 0;      ///< of the hidden layers
  std::int64_t embedding = 0;   ///< of a separable critic's embeddings
  std::uint64_t seed = 0;
};

/// What a batch gives.
struct Estimate {
  Tensor loss;  ///< scalar, minimised
  Tensor nats;  ///< scalar, the estimate of I(X; Y)
};

class TrainedEstimator {
 public:
  explicit TrainedEstimator(const CriticSettings& settings) : settings_(settings) {}
  virtual ~TrainedEstimator() = default;
  TrainedEstimator(const TrainedEstimator&) = delete;
  TrainedEstimator& operator=(const TrainedEstimator&) = delete;

  /// @param x, y [N, k] float32, row i of one belongs to row i of the other
  virtual Estimate estimate(const Tensor& x, const Tensor& y) = 0;
  const NamedParameters& parameters() const { return parameters_; }

 protected:
  const CriticSettings& settings() const { return settings_; }
  /// A net widths[0] -> widths[1] -> ... with ReLU between, drawn by its name; its layers are trained.
  std::vector<ops::DenseLayer> add_net(const std::string& name, const std::vector<std::int64_t>& widths);

 private:
  CriticSettings settings_;
  NamedParameters parameters_;
};

}  // namespace infomtl::analysis
