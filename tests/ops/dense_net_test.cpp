#include "infomtl/ops/dense_net.h"

#include <cmath>

#include "infomtl/ops/packed/dropout.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;
using torch::Tensor;

std::vector<DenseLayer> two_layers() {
  return {draw_dense_layer(5, 7, 3, "hidden."), draw_dense_layer(7, 2, 3, "output.")};
}

TEST(DenseNet, EqualsItsDefinition) {
  const auto layers = two_layers();
  const Tensor x = TensorRandom(1).normal({4, 5});
  const auto affine = [](const DenseLayer& layer, const Tensor& in) {
    Tensor out = torch::empty({in.size(0), layer.bias.size(0)}, torch::kFloat64);
    for (int64_t i = 0; i < out.size(0); ++i) {
      for (int64_t o = 0; o < out.size(1); ++o) {
        double sum = layer.bias[o].item<double>();
        for (int64_t k = 0; k < in.size(1); ++k) sum += layer.weight[o][k].item<double>() * in[i][k].item<double>();
        out[i][o] = sum;
      }
    }
    return out;
  };
  EXPECT_TRUE(close(dense_net(layers, x), affine(layers[1], affine(layers[0], x).clamp_min(0)), 1e-6));
  EXPECT_TRUE(close(dense_net(layers, x, {.activation = Activation::tanh}),
                    affine(layers[1], affine(layers[0], x).tanh()), 1e-6));
  EXPECT_TRUE(close(dense_net({layers[0]}, x), affine(layers[0], x), 1e-6)) << "nothing behind the last layer";
}

TEST(DenseNet, DrawsAsTorchsLinearDoesByNameAndSeed) {
  const DenseLayer layer = draw_dense_layer(400, 100, 3, "u_0_");
  const double bound = 1 / std::sqrt(400.0);
  EXPECT_LE(layer.weight.abs().max().item<double>(), bound);
  EXPECT_TRUE(close(layer.weight.std().item<double>(), bound / std::sqrt(3.0), 0.01 * bound));
  EXPECT_TRUE(torch::equal(layer.weight, draw_dense_layer(400, 100, 3, "u_0_").weight));
  EXPECT_FALSE(torch::equal(layer.weight, draw_dense_layer(400, 100, 3, "u_1_").weight));
  EXPECT_FALSE(torch::equal(layer.weight, draw_dense_layer(400, 100, 4, "u_0_").weight));
}

TEST(DenseNet, DropsBeforeEachLayer) {
  const auto layers = two_layers();
  const Tensor x = TensorRandom(1).normal({4, 5});
  TensorRandom random(9), again(9);
  const Tensor found = dense_net(layers, x, {.dropout = 0.5, .random = &random});
  const Tensor first = dropout_mask(x, 0.5, again);
  const Tensor hidden = dense_net({layers[0]}, x * first).relu();
  EXPECT_TRUE(close(found, dense_net({layers[1]}, hidden * dropout_mask(hidden, 0.5, again)), 0));
  EXPECT_TRUE(close(dense_net(layers, x, {.dropout = 0.5}), dense_net(layers, x), 0)) << "no dropout without numbers";
}

TEST(DenseNet, IsDifferentiableTwiceInInputsAndLayers) {
  const auto layers = two_layers();
  const auto net = [](const std::vector<Tensor>& in) {
    return dense_net({{in[1], in[2]}, {in[3], in[4]}}, in[0], {.activation = Activation::tanh});
  };
  const std::vector<Tensor> in = {TensorRandom(1).normal({3, 5}), layers[0].weight, layers[0].bias, layers[1].weight,
                                  layers[1].bias};
  EXPECT_TRUE(gradients_match([&](const auto& given) { return net(given).sin().sum(); }, in));
  EXPECT_TRUE(gradients_match(
      [&](const auto& given) {
        const torch::AutoGradMode graph(true);
        return torch::autograd::grad({net(given).sin().sum()}, {given[0]}, {}, true, /*create_graph=*/true)[0]
            .square()
            .sum();
      },
      in, 1e-5));
}

}  // namespace
}  // namespace infomtl::ops
