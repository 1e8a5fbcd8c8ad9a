#include "infomtl/ops/straight_through.h"

#include <cmath>

#include "support/compare.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using torch::Tensor;

Tensor chosen_scores() { return torch::tensor({{0.3, -0.2, 1.1}, {2.0, 2.5, -1.0}}, torch::kFloat64); }

TEST(StraightThrough, IsExactlyOneHotForwardsAtEveryTemperature) {
  for (const double temperature : {1e-3, 0.5, 1.0, 30.0}) {
    const Tensor scores = chosen_scores().to(torch::kFloat32).requires_grad_(true);
    const Tensor gate = straight_through_softmax(scores, temperature);
    EXPECT_TRUE(torch::equal(gate, torch::tensor({{0.0f, 0.0f, 1.0f}, {0.0f, 1.0f, 0.0f}}))) << temperature;
    EXPECT_TRUE(gate.requires_grad());
  }
  EXPECT_TRUE(torch::equal(one_hot_of_largest(torch::tensor({1.0, 3.0, 3.0})), torch::tensor({0.0, 1.0, 0.0})));
  EXPECT_FALSE(one_hot_of_largest(torch::ones({2}).requires_grad_(true)).requires_grad());
}

TEST(StraightThrough, HasTheGradientOfTheSoftChoice) {
  const Tensor weights = torch::tensor({{0.7, -1.3, 0.4}, {0.1, 0.9, -0.5}}, torch::kFloat64);
  for (const double temperature : {0.5, 1.0, 2.0}) {
    const Tensor hard = chosen_scores().requires_grad_(true), soft = chosen_scores().requires_grad_(true);
    const Tensor found =
        torch::autograd::grad({(straight_through_softmax(hard, temperature) * weights).sum()}, {hard})[0];
    const Tensor expected = torch::autograd::grad({((soft / temperature).softmax(-1) * weights).sum()}, {soft})[0];
    EXPECT_TRUE(close(found, expected, 1e-14)) << temperature;
  }
}

TEST(StraightThrough, WithGumbelNoiseDrawsFromTheSoftmax) {
  TensorRandom random(5), same(5);
  const Tensor logits = torch::tensor({0.0, 1.0, -0.5}).expand({20000, 3}).contiguous();
  const Tensor noise = standard_gumbel(logits, random);
  EXPECT_TRUE(torch::equal(noise, standard_gumbel(logits, same)));
  EXPECT_NEAR(noise.mean().item<double>(), 0.5772, 0.02);                           // Euler's constant
  EXPECT_NEAR(noise.var().item<double>(), std::pow(std::acos(-1.0), 2) / 6, 0.05);  // pi^2 / 6
  EXPECT_TRUE(close(one_hot_of_largest(logits + noise).mean(0), logits[0].softmax(0), 0, 0.03));
  EXPECT_FALSE(standard_gumbel(logits.clone().requires_grad_(true), random).requires_grad());
}

}  // namespace
}  // namespace infomtl::ops
