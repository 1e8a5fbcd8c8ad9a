// The bfloat16 path of each packed operation against float32 on the same (rounded) numbers: what differs is the
// rounding of results, 2^-9 of their size.

#include <ATen/ATen.h>

#include "infomtl/ops/packed/activation.h"
#include "infomtl/ops/packed/attention.h"
#include "infomtl/ops/packed/dropout.h"
#include "infomtl/ops/packed/layer_norm.h"
#include "infomtl/ops/packed/linear.h"
#include "support/compare.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;

constexpr double kRounding = 1.0 / 256;

at::Tensor leaf(const at::Tensor& values, at::ScalarType type) {
  return values.detach().to(type, /*non_blocking=*/false, /*copy=*/true).requires_grad_(true);
}

// Runs `function` on bfloat16 and on float32 copies of `inputs`, parameters float32 in both, and compares the result
// and the gradients of a weighted sum of it.
template <class Function>
void expect_rounding_only(Function function, const std::vector<at::Tensor>& inputs,
                          const std::vector<at::Tensor>& parameters, double relative = 2 * kRounding) {
  std::vector<at::Tensor> results[2], gradients[2];
  at::Tensor direction;
  for (const int rounded : {0, 1}) {
    std::vector<at::Tensor> in, own;
    for (const at::Tensor& input : inputs) {
      in.push_back(leaf(input.to(at::kBFloat16), rounded == 1 ? at::kBFloat16 : at::kFloat));
    }
    for (const at::Tensor& parameter : parameters) {
      own.push_back(leaf(parameter.to(at::kBFloat16).to(at::kFloat).clone(), at::kFloat));
    }
    const at::Tensor out = function(in, own);
    EXPECT_EQ(out.scalar_type(), rounded == 1 ? at::kBFloat16 : at::kFloat);
    if (!direction.defined()) direction = at::randn(out.sizes()).to(at::kBFloat16).to(at::kFloat);
    (out.to(at::kFloat) * direction).sum().backward();
    results[rounded].push_back(out);
    for (const at::Tensor& each : in) gradients[rounded].push_back(each.grad());
    for (const at::Tensor& each : own) {
      EXPECT_EQ(each.grad().scalar_type(), at::kFloat);
      gradients[rounded].push_back(each.grad());
    }
  }
  EXPECT_TRUE(close(results[1][0], results[0][0], 0, relative));
  ASSERT_EQ(gradients[0].size(), gradients[1].size());
  for (std::size_t i = 0; i < gradients[0].size(); ++i) {
    EXPECT_TRUE(close(gradients[1][i], gradients[0][i], 0, relative)) << "gradient " << i;
  }
}

TEST(BFloat16, LinearRoundsItsFactorsAndResultsOnly) {
  expect_rounding_only([](const auto& in, const auto& own) { return ops::linear(in[0], own[0], own[1]); },
                       {at::randn({70, 48})}, {at::randn({33, 48}), at::randn({33})});
  expect_rounding_only(
      [](const auto& in, const auto& own) {
        return stacked_linear(in[0], {own[0], own[1]}, {own[2], own[3]});
      },
      {at::randn({9, 16})}, {at::randn({16, 16}), at::randn({16, 16}), at::randn({16}), at::randn({16})});
}

TEST(BFloat16, NormRoundsItsSumAndResultOnly) {
  for (const std::int64_t width : {1, 17, 384}) {
    // A norm of one column is its bias, whatever comes in.
    expect_rounding_only([](const auto& in, const auto& own) { return layer_norm(in[0], own[0], own[1], 1e-5); },
                         {at::randn({7, width}) * 3 + 1}, {at::randn({width}), at::randn({width})}, 4 * kRounding);
  }
  for (const double rate : {0.0, 0.3}) {
    expect_rounding_only(
        [&](const auto& in, const auto& own) {
          TensorRandom random(5);
          return residual_layer_norm(in[0], in[1], rate, &random, own[0], own[1], 1e-5);
        },
        {at::randn({11, 40}), at::randn({11, 40})}, {at::randn({40}), at::randn({40})}, 4 * kRounding);
  }
}

TEST(BFloat16, AttentionRoundsItsResultOnly) {
  const at::Tensor offsets = at::tensor({0, 1, 32, 48, 113}, at::kInt);
  for (const std::int64_t width : {24, 32}) {
    for (const double rate : {0.0, 0.2}) {
      expect_rounding_only(
          [&](const auto& in, const auto&) {
            TensorRandom random(9);
            return packed_attention(in[0], offsets, 3, rate, &random);
          },
          {at::randn({113, 9 * width})}, {});
      expect_rounding_only(
          [&](const auto& in, const auto&) {
            TensorRandom random(9);
            return first_token_attention(in[0], in[1], offsets, 3, rate, &random);
          },
          {at::randn({4, 3 * width}), at::randn({113, 6 * width})}, {});
    }
  }
}

TEST(BFloat16, DropoutAndActivationsRoundTheirResultOnly) {
  expect_rounding_only(
      [](const auto& in, const auto&) {
        TensorRandom random(2);
        return dropout(in[0], 0.25, &random);
      },
      {at::randn({13, 50})}, {});
  for (const std::string& name : activation_names()) {
    expect_rounding_only([&](const auto& in, const auto&) { return activate_packed(in[0], activation_of_name(name)); },
                         {at::randn({5, 700}) * 3}, {});
  }
}

TEST(BFloat16, NotANumberAndInfinityStayWhatTheyAre) {
  const at::Tensor x = at::tensor({std::nanf(""), INFINITY, -INFINITY, 3.3895314e38F, 1.0F}).to(at::kBFloat16);
  const at::Tensor y = activate_packed(x, Activation::gelu).to(at::kFloat);
  EXPECT_TRUE(std::isnan(y[0].item<float>()));
  EXPECT_EQ(y[1].item<float>(), INFINITY);
  EXPECT_TRUE(std::isfinite(y[3].item<float>()));
  const at::Tensor norm = layer_norm(x.view({1, 5}), at::ones({5}), at::zeros({5}), 1e-5);
  EXPECT_TRUE(norm.isnan().all().item<bool>());
}

TEST(Gelu, EqualsTheExactFunctionForwardAndBackward) {
  const at::Tensor values =
      at::cat({at::linspace(-12, 12, 4001), at::tensor({0.0F, -0.0F, 1e-20F, -1e-20F, 80.F, -80.F})});
  for (const auto type : {at::kFloat, at::kDouble}) {
    const double absolute = type == at::kFloat ? 1e-6 : 1e-14;
    at::Tensor fast = leaf(values, type), exact = leaf(values, at::kDouble);
    const at::Tensor y = activate_packed(fast, Activation::gelu);
    EXPECT_TRUE(close(y, at::gelu(exact), absolute));
    y.sum().backward();
    at::gelu(exact).sum().backward();
    EXPECT_TRUE(close(fast.grad(), exact.grad(), absolute));
  }
}

}  // namespace
}  // namespace infomtl::ops
