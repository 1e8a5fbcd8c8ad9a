#pragma once
// Dense net: the small network heads are made of, no or one hidden layer, by plain (twice differentiable) operations.

#include <torch/nn/module.h>

#include <cstdint>
#include <string>

#include "infomtl/ops/packed/activation.h"
#include "infomtl/ops/tensor_random.h"

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

  /// x [B, inputs] -> [B, outputs]; random null means no dropout.
  torch::Tensor forward(const torch::Tensor& x, ops::TensorRandom* random) const;

 private:
  struct Map {
    torch::Tensor weight, bias;
  };
  Map add_map(const std::string& name, std::int64_t inputs, std::int64_t outputs, std::uint64_t seed);

  Shape shape_;
  Map hidden_, output_;
};

}  // namespace infomtl
