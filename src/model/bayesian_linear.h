#pragma once
// Bayesian linear: a linear map whose weights are Gaussians that train: ops::bayesian_linear() with parameters.

#include <torch/nn/module.h>

#include <cstdint>

#include "infomtl/core/settings.h"
#include "infomtl/ops/information/variational.h"

namespace infomtl {

/// Of Shape::initial_scale: standard deviations from 2e-9 to 5 at the start, about 0.05 in the paper.
inline Range initial_scale_range() { return between(-20, 5); }

class BayesianLinear final : public torch::nn::Module {
 public:
  struct Shape {
    std::int64_t inputs = 0, outputs = 0;
    bool bias = true;           ///< a Gaussian one
    double initial_scale = -3;  ///< softplus of it is about the standard deviation of a weight at the start
  };

  /// Means are drawn from N(0, 1/inputs), scales from N(initial_scale, 0.1^2), from `seed`.
  BayesianLinear(const Shape& shape, std::uint64_t seed);

  /// Of the weights [outputs, inputs], with graph.
  ops::GaussianMoments weight() const;
  /// Moments of x W^T + b, [B, outputs]. @param x [B, inputs]
  ops::GaussianMoments forward(const torch::Tensor& x) const;

 private:
  torch::Tensor weight_mean_, weight_scale_;
  torch::Tensor bias_mean_, bias_scale_;  // undefined without a bias
};

}  // namespace infomtl
