// Derivatives::twice: the gradient of each operation's gradient against central differences of the gradient, float64.

#include <ATen/ATen.h>

#include "infomtl/ops/packed/activation.h"
#include "infomtl/ops/packed/attention.h"
#include "infomtl/ops/packed/dropout.h"
#include "infomtl/ops/packed/embedding.h"
#include "infomtl/ops/packed/layer_norm.h"
#include "infomtl/ops/packed/linear.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

constexpr auto kTwice = Derivatives::twice;
const at::Tensor kOffsets = at::tensor({0, 3, 4, 8}, at::kInt);

/// Of the sum of squares of all first derivatives of sum_i f_i^2.
template <class Function>
void expect_second_derivatives(Function function, const std::vector<at::Tensor>& inputs) {
  const auto gradient_norm = [&](const std::vector<at::Tensor>& in) {
    const at::AutoGradMode record(true);  // central differences are taken without
    const auto gradients = torch::autograd::grad({function(in).pow(2).sum()}, in, {}, /*retain_graph=*/true,
                                                 /*create_graph=*/true);
    at::Tensor sum = at::zeros({}, at::kDouble);
    for (const at::Tensor& gradient : gradients) sum = sum + gradient.pow(2).sum();
    return sum;
  };
  EXPECT_TRUE(infomtl::testing::gradients_match(gradient_norm, inputs, 1e-5));
}

TEST(SecondDerivative, Linear) {
  expect_second_derivatives(
      [](const auto& in) {
        return stacked_linear(in[0], {in[1], in[2]}, {in[3], in[4]}, {}, kTwice);
      },
      {at::randn({5, 3}), at::randn({4, 3}), at::randn({2, 3}), at::randn({4}), at::randn({2})});
}

TEST(SecondDerivative, LayerNorm) {
  expect_second_derivatives([](const auto& in) { return layer_norm(in[0], in[1], in[2], 1e-2, {}, kTwice); },
                            {at::randn({4, 6}), at::randn({6}), at::randn({6})});
}

TEST(SecondDerivative, ResidualLayerNormWithDropout) {
  expect_second_derivatives(
      [](const auto& in) {
        TensorRandom random(5);
        return residual_layer_norm(in[0], in[1], 0.3, &random, in[2], in[3], 1e-2, {}, kTwice);
      },
      {at::randn({4, 6}), at::randn({4, 6}), at::randn({6}), at::randn({6})});
}

TEST(SecondDerivative, EmbeddingSum) {
  const at::Tensor words = at::tensor({3, 0, 3, 1}, at::kLong), types = at::tensor({0, 1, 1, 0}, at::kLong);
  expect_second_derivatives(
      [&](const auto& in) {
        return embedding_sum({in[0], in[1]}, {words, types}, {}, kTwice).pow(2);
      },
      {at::randn({5, 3}), at::randn({2, 3})});
}

TEST(SecondDerivative, Activations) {
  for (const std::string& name : activation_names()) {
    expect_second_derivatives(
        [&](const auto& in) { return activate_packed(in[0], activation_of_name(name), {}, kTwice); },
        {at::randn({12})});
  }
}

TEST(SecondDerivative, DropoutItself) {
  expect_second_derivatives(
      [](const auto& in) {
        TensorRandom random(5);
        return dropout(in[0].pow(2), 0.4, &random);
      },
      {at::randn({4, 6})});
}

TEST(SecondDerivative, AttentionWithBiasAndDropout) {
  const at::Tensor buckets = at::tensor({0, 1, 2, 3, 2, 1, 0}, at::kLong);
  expect_second_derivatives(
      [&](const auto& in) {
        TensorRandom random(8);
        return packed_attention(in[0], kOffsets, 2, 0.3, &random, {}, kTwice, {in[1], buckets});
      },
      {at::randn({8, 18}), at::randn({4, 2})});
  expect_second_derivatives(
      [&](const auto& in) {
        TensorRandom random(8);
        return first_token_attention(in[0], in[1], kOffsets, 2, 0.3, &random, {}, kTwice, {in[2], buckets});
      },
      {at::randn({3, 6}), at::randn({8, 12}), at::randn({4, 2})});
}

}  // namespace
}  // namespace infomtl::ops
