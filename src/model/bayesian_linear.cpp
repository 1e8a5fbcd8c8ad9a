#include "model/bayesian_linear.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/random.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl {

BayesianLinear::BayesianLinear(const Shape& shape, std::uint64_t seed) {
  // Shen et al. draw means with a standard deviation of 0.1, on features of unit size; those of a language model have a norm
  // of about the root of their width.
  const double deviation = 1.0 / std::sqrt(static_cast<double>(shape.inputs));
  const auto draw = [&](const char* name, at::IntArrayRef size, double mean, double spread) {
    ops::TensorRandom random(derive_seed(seed, name));
    return register_parameter(name, at::randn(size, random.generator(), torch::kFloat32) * spread + mean);
  };
  weight_mean_ = draw("weight_mean", {shape.outputs, shape.inputs}, 0.0, deviation);
  weight_scale_ = draw("weight_scale", {shape.outputs, shape.inputs}, shape.initial_scale, 0.1);
  if (!shape.bias) return;
  bias_mean_ = draw("bias_mean", {shape.outputs}, 0.0, deviation);
  bias_scale_ = draw("bias_scale", {shape.outputs}, shape.initial_scale, 0.1);
}

ops::GaussianMoments BayesianLinear::weight() const { return {weight_mean_, ops::softplus_variance(weight_scale_)}; }

ops::GaussianMoments BayesianLinear::forward(const torch::Tensor& x) const {
  if (!bias_mean_.defined()) return ops::bayesian_linear(x, weight());
  return ops::bayesian_linear(x, weight(), {bias_mean_, ops::softplus_variance(bias_scale_)});
}

}  // namespace infomtl
