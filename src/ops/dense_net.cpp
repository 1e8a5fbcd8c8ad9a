#include "infomtl/ops/dense_net.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/random.h"
#include "infomtl/ops/packed/dropout.h"

namespace infomtl::ops {

using torch::Tensor;

DenseLayer draw_dense_layer(std::int64_t inputs, std::int64_t outputs, std::uint64_t seed, const std::string& name) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(inputs));
  const auto draw = [&](const char* kind, at::IntArrayRef shape) {
    TensorRandom random(derive_seed(seed, name + kind));
    return at::empty(shape).uniform_(-bound, bound, random.generator());
  };
  return {draw("weight", {outputs, inputs}), draw("bias", {outputs})};
}

Tensor dense_net(const std::vector<DenseLayer>& layers, Tensor x, const DenseNetOptions& options) {
  const bool drop = options.random != nullptr && options.dropout > 0;
  const auto type = x.scalar_type();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i > 0) x = activate(x, options.activation);
    if (drop) x = x * dropout_mask(x, options.dropout, *options.random);
    x = at::linear(x, layers[i].weight.to(type), layers[i].bias.to(type));
  }
  return x;
}

}  // namespace infomtl::ops
