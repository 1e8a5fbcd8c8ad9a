#include "infomtl/ops/packed/linear.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "ops/packed/owner_cases.h"
#include "support/devices.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;

class Linear : public infomtl::testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(Linear);
class StackedLinear : public infomtl::testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(StackedLinear);

TEST_P(Linear, IsTheProductPlusTheBias) {
  const auto x = randn({5, 3}), weight = randn({4, 3}), bias = randn({4});
  EXPECT_TRUE(close(ops::linear(x, weight, bias), at::matmul(x, weight.t()) + bias, 1e-6));
  EXPECT_TRUE(close(ops::linear(x, weight, {}), at::matmul(x, weight.t()), 1e-6));
}

TEST_P(Linear, GradientsMatchCentralDifferences) {
  const auto function = [](const std::vector<at::Tensor>& in) { return ops::linear(in[0], in[1], in[2]).pow(3).sum(); };
  EXPECT_TRUE(gradients_match(function, {randn({5, 3}), randn({4, 3}), randn({4})}));
}

TEST_P(StackedLinear, GradientsMatchCentralDifferences) {
  const auto function = [](const std::vector<at::Tensor>& in) {
    return stacked_linear(in[0], {in[1], in[2]}, {in[3], in[4]}).pow(3).sum();
  };
  EXPECT_TRUE(gradients_match(function, {randn({5, 3}), randn({4, 3}), randn({2, 3}), randn({4}), randn({2})}));
}

TEST_P(StackedLinear, NeighboursInMemoryAndStrangersGiveTheSame) {
  const auto flat = randn({3, 4, 4});
  const auto x = randn({6, 4});
  const std::vector<at::Tensor> neighbours{flat[0], flat[1], flat[2]};
  const std::vector<at::Tensor> strangers{flat[0].clone(), flat[1].clone(), flat[2].clone()};
  EXPECT_TRUE(close(stacked_linear(x, neighbours, {}), stacked_linear(x, strangers, {}), 1e-6));
  EXPECT_TRUE(close(stacked_linear(x, {flat[1], flat[0]}, {}),
                    at::cat({ops::linear(x, flat[1], {}), ops::linear(x, flat[0], {})}, 1), 1e-6));
}

TEST_P(StackedLinear, ComputesNoGradientNobodyNeeds) {
  auto x = randn({5, 3}).requires_grad_(true);
  auto trained = randn({4, 3}).requires_grad_(true);
  const auto frozen = randn({4, 3});
  stacked_linear(x, {trained, frozen}, {}).sum().backward();
  EXPECT_TRUE(trained.grad().defined());
  EXPECT_FALSE(frozen.grad().defined());
}

TEST_P(Linear, OwnersGetTheGradientOfEachTask) {
  const std::vector<at::Tensor> parameters{randn({4, 3}), randn({4})};
  infomtl::testing::expect_owners_get_separate_backwards(
      parameters,
      [this](const std::vector<at::Tensor>& p, const auto& owners) {
        at::manual_seed(3);
        const auto x = randn({9, 3}, at::kDouble);
        return ops::linear(x, p[0], p[1], owners).pow(2).sum(1);
      },
      /*kept=*/1);
}

TEST_P(StackedLinear, OwnersGetTheGradientOfEachTask) {
  const std::vector<at::Tensor> parameters{randn({4, 3}), randn({2, 3}), randn({4}), randn({2})};
  infomtl::testing::expect_owners_get_separate_backwards(
      parameters,
      [this](const std::vector<at::Tensor>& p, const auto& owners) {
        at::manual_seed(3);
        const auto x = randn({9, 3}, at::kDouble);
        return stacked_linear(x, {p[0], p[1]}, {p[2], p[3]}, owners).pow(2).sum(1);
      },
      /*kept=*/1);
}

TEST_P(Linear, RefusesShapesThatDoNotFit) {
  const auto x = randn({5, 3});
  EXPECT_THROW(ops::linear(x, randn({4, 2}), randn({4})), ShapeError);
  EXPECT_THROW(ops::linear(x, randn({4, 3}), randn({3})), ShapeError);
  EXPECT_THROW(ops::linear(x[0], randn({4, 3}), randn({4})), ShapeError);
  EXPECT_THROW(stacked_linear(x, {randn({4, 3}), randn({4, 3})}, {randn({4})}), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
