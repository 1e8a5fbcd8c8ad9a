#pragma once
// The small networks of the information benchmark, and what trains them.

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>

#include <cmath>
#include <vector>

#include "infomtl/core/random.h"
#include "infomtl/ops/information/critics.h"

namespace infomtl::analysis {

using torch::Tensor;

/// Draws of one purpose.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}
  Tensor normal(std::int64_t rows, std::int64_t columns, torch::ScalarType type = torch::kFloat32) {
    return at::randn({rows, columns}, generator_, torch::dtype(type));
  }
  Tensor uniform(at::IntArrayRef shape, double bound) {
    return at::rand(shape, generator_, torch::dtype(torch::kFloat32)).mul_(2 * bound).sub_(bound);
  }
  Tensor order(std::int64_t n) { return at::randperm(n, generator_, torch::dtype(torch::kInt64)); }

 private:
  at::Generator generator_;
};

/// A perceptron with ReLU between its layers.
class Perceptron {
 public:
  Perceptron(const std::vector<std::int64_t>& widths, Draws& draws) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      const double bound = 1 / std::sqrt(static_cast<double>(widths[i]));
      layers_.push_back({draws.uniform({widths[i + 1], widths[i]}, bound).requires_grad_(true),
                         draws.uniform({widths[i + 1]}, bound).requires_grad_(true)});
    }
  }

  Tensor operator()(Tensor x) const {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      x = at::linear(i == 0 ? x : x.relu(), layers_[i].weight, layers_[i].bias);
    }
    return x;
  }

  const std::vector<ops::DenseLayer>& layers() const { return layers_; }
  void add_to(std::vector<Tensor>& parameters) const {
    for (const auto& layer : layers_) parameters.insert(parameters.end(), {layer.weight, layer.bias});
  }

 private:
  std::vector<ops::DenseLayer> layers_;
};

/// Adam (Kingma & Ba 2015) with its usual constants.
class Adam {
 public:
  Adam(std::vector<Tensor> parameters, double rate) : parameters_(std::move(parameters)), rate_(rate) {
    for (const Tensor& parameter : parameters_) {
      first_.push_back(at::zeros_like(parameter.detach()));
      second_.push_back(at::zeros_like(parameter.detach()));
    }
  }

  void step(const std::vector<Tensor>& gradients) {
    at::NoGradGuard no_grad;
    ++steps_;
    const double correct_first = 1 - std::pow(0.9, steps_), correct_second = 1 - std::pow(0.999, steps_);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (!gradients[i].defined()) continue;
      first_[i].mul_(0.9).add_(gradients[i], 0.1);
      second_[i].mul_(0.999).addcmul_(gradients[i], gradients[i], 0.001);
      parameters_[i].addcdiv_(first_[i], (second_[i] / correct_second).sqrt_().add_(1e-8), -rate_ / correct_first);
    }
  }

  const std::vector<Tensor>& parameters() const { return parameters_; }

 private:
  std::vector<Tensor> parameters_, first_, second_;
  double rate_;
  int steps_ = 0;
};

}  // namespace infomtl::analysis
