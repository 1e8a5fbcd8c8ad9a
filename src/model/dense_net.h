#pragma once
// Dense net: the small network heads are made of, no or one hidden layer: ops/dense_net.h with parameters that train.

#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/ops/dense_net.h"

namespace infomtl {

class DenseNet final : public torch::nn::Module {
 public:
  struct Shape {
    std::int64_t inputs = 0, hidden = 0, outputs = 0;  ///< hidden 0: one linear map
    ops::Activation activation = ops::Activation::relu;
    double dropout = 0.0;  ///< before each linear map
  };

  /// Weights and biases uniform in +-1/sqrt(inputs of the map), as torch.nn.Linear draws them, from `seed`.
  DenseNet(const Shape& shape, std::uint64_t seed);

  /// Adds a number to the bias of the last map.
  void add_to_output(double value);
  /// x [B, inputs] -> [B, outputs]; random null means no dropout.
  torch::Tensor forward(const torch::Tensor& x, ops::TensorRandom* random) const;

 private:
  void add_layer(const std::string& name, std::int64_t inputs, std::int64_t outputs, std::uint64_t seed);

  Shape shape_;
  std::vector<ops::DenseLayer> layers_;
};

}  // namespace infomtl
