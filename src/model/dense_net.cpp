#include "model/dense_net.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/random.h"
#include "infomtl/ops/packed/dropout.h"

namespace infomtl {
namespace {

torch::Tensor map(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, double dropout,
                  ops::TensorRandom* random) {
  const bool drop = random != nullptr && dropout > 0.0;
  return at::linear(drop ? x * ops::dropout_mask(x, dropout, *random) : x, weight, bias);
}

}  // namespace

DenseNet::DenseNet(const Shape& shape, std::uint64_t seed) : shape_(shape) {
  if (shape_.hidden > 0) hidden_ = add_map("hidden", shape_.inputs, shape_.hidden, seed);
  output_ = add_map("output", shape_.hidden > 0 ? shape_.hidden : shape_.inputs, shape_.outputs, seed);
}

DenseNet::Map DenseNet::add_map(const std::string& name, std::int64_t inputs, std::int64_t outputs,
                                std::uint64_t seed) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(inputs));
  const auto part = register_module(name, std::make_shared<torch::nn::Module>(name));
  const auto draw = [&](const char* kind, at::IntArrayRef shape) {
    ops::TensorRandom random(derive_seed(seed, name + "." + kind));
    return part->register_parameter(kind, at::empty(shape).uniform_(-bound, bound, random.generator()));
  };
  const torch::Tensor weight = draw("weight", {outputs, inputs});
  return {weight, draw("bias", {outputs})};
}

torch::Tensor DenseNet::forward(const torch::Tensor& x, ops::TensorRandom* random) const {
  if (!hidden_.weight.defined()) return map(x, output_.weight, output_.bias, shape_.dropout, random);
  const torch::Tensor hidden =
      ops::activate(map(x, hidden_.weight, hidden_.bias, shape_.dropout, random), shape_.activation);
  return map(hidden, output_.weight, output_.bias, shape_.dropout, random);
}

}  // namespace infomtl
