#include "model/dense_net.h"

#include <utility>

namespace infomtl {

DenseNet::DenseNet(const Shape& shape, std::uint64_t seed) : shape_(shape) {
  if (shape_.hidden > 0) add_layer("hidden", shape_.inputs, shape_.hidden, seed);
  add_layer("output", shape_.hidden > 0 ? shape_.hidden : shape_.inputs, shape_.outputs, seed);
}

void DenseNet::add_layer(const std::string& name, std::int64_t inputs, std::int64_t outputs, std::uint64_t seed) {
  const auto part = register_module(name, std::make_shared<torch::nn::Module>(name));
  const ops::DenseLayer drawn = ops::draw_dense_layer(inputs, outputs, seed, name + ".");
  layers_.push_back({part->register_parameter("weight", drawn.weight), part->register_parameter("bias", drawn.bias)});
}

void DenseNet::add_to_output(double value) {
  const torch::NoGradGuard no_grad;
  layers_.back().bias.add_(value);
}

torch::Tensor DenseNet::forward(const torch::Tensor& x, ops::TensorRandom* random) const {
  return ops::dense_net(layers_, x, {.activation = shape_.activation, .dropout = shape_.dropout, .random = random});
}

}  // namespace infomtl
