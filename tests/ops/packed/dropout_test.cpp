#include "infomtl/ops/packed/dropout.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/packed/activation.h"
#include "support/devices.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;

class Dropout : public infomtl::testing::OnDevice {};
INFOMTL_ON_EVERY_DEVICE(Dropout);

TEST_P(Dropout, KeepsTheConfiguredShareAndScalesIt) {
  for (const double rate : {0.1, 0.5, 0.9}) {
    TensorRandom random(1);
    const at::Tensor out = dropout(ones({1000, 1000}), rate, &random);
    const at::Tensor kept = out.ne(0);
    // Six standard deviations of a binomial share of a million.
    EXPECT_NEAR(kept.to(at::kDouble).mean().item<double>(), 1 - rate, 6 * std::sqrt(rate * (1 - rate) / 1e6));
    EXPECT_TRUE(close(out.masked_select(kept), at::full_like(out.masked_select(kept), 1 / (1 - rate)), 1e-6));
    // Rows and columns keep the same share: 1000 draws each.
    for (const int dim : {0, 1}) {
      const at::Tensor shares = kept.to(at::kDouble).mean(dim);
      EXPECT_LT((shares - (1 - rate)).abs().max().item<double>(), 6 * std::sqrt(rate * (1 - rate) / 1e3));
      EXPECT_NEAR(shares.var().item<double>() / (rate * (1 - rate) / 1e3), 1.0, 0.3);
    }
  }
}

TEST_P(Dropout, NeighboursAreIndependent) {
  TensorRandom random(2);
  const at::Tensor kept = dropout(ones({1000, 1000}), 0.5, &random).ne(0).to(at::kDouble) * 2 - 1;
  for (const int lag : {1, 2, 16, 384}) {
    EXPECT_NEAR((kept.slice(1, lag) * kept.slice(1, 0, -lag)).mean().item<double>(), 0.0, 0.01) << lag;
    EXPECT_NEAR((kept.slice(0, lag) * kept.slice(0, 0, -lag)).mean().item<double>(), 0.0, 0.01) << lag;
  }
}

TEST_P(Dropout, IsAFunctionOfTheSeedAndTheOrderOfDraws) {
  const at::Tensor x = randn({20, 30});
  TensorRandom one(7), same(7), other(8);
  const at::Tensor first = dropout(x, 0.3, &one), second = dropout(x, 0.3, &one);
  EXPECT_TRUE(close(dropout(x, 0.3, &same), first, 0.0));
  EXPECT_TRUE(close(dropout(x, 0.3, &same), second, 0.0));
  EXPECT_FALSE(close(second, first, 1e-3));
  EXPECT_FALSE(close(dropout(x, 0.3, &other), first, 1e-3));
}

TEST_P(Dropout, DoesNotDependOnTheNumberOfThreads) {
  const at::Tensor x = randn({501, 30});
  const int threads = at::get_num_threads();
  TensorRandom one(7), same(7);
  at::set_num_threads(1);
  const at::Tensor alone = dropout(x, 0.3, &one);
  at::set_num_threads(threads > 1 ? threads : 3);
  EXPECT_TRUE(close(dropout(x, 0.3, &same), alone, 0.0));
  at::set_num_threads(threads);
}

TEST_P(Dropout, WithoutRandomNumbersOrRateIsTheInput) {
  const at::Tensor x = randn({3, 3});
  TensorRandom random(1);
  EXPECT_TRUE(dropout(x, 0.3, nullptr).is_same(x));
  EXPECT_TRUE(dropout(x, 0.0, &random).is_same(x));
  EXPECT_THROW(dropout(x, 1.0, &random), ShapeError);
  EXPECT_THROW(dropout(x, -0.1, &random), ShapeError);
  EXPECT_THROW(dropout(x, std::nan(""), &random), ShapeError);
}

TEST_P(Dropout, GradientsMatchCentralDifferences) {
  const auto function = [](const std::vector<at::Tensor>& in) {
    TensorRandom random(3);
    return dropout(in[0], 0.4, &random).pow(3).sum();
  };
  EXPECT_TRUE(gradients_match(function, {randn({4, 3, 5})}));
}

TEST_P(Dropout, GradientOfAStridedGradientIsRight) {
  at::Tensor x = ones({4, 5}).requires_grad_(true);
  TensorRandom random(3), same(3);
  dropout(x, 0.4, &random).t().contiguous().pow(2).sum().backward();
  const at::Tensor mask = dropout_mask(ones({4, 5}), 0.4, same);
  EXPECT_TRUE(close(x.grad(), 2 * mask * mask, 1e-6));
}

TEST(TensorRandom, NormalValuesHaveTheirMoments) {
  TensorRandom random(3), same(3);
  const at::Tensor values = random.normal({100000});
  EXPECT_NEAR(values.mean().item<double>(), 0.0, 0.02);
  EXPECT_NEAR(values.var().item<double>(), 1.0, 0.03);
  EXPECT_TRUE(close(same.normal({100000}), values, 0.0));
}

TEST(Activation, EqualsItsDefinition) {
  const at::Tensor x = at::linspace(-6, 6, 101, at::kDouble);
  EXPECT_TRUE(close(activate(x, activation_of_name("gelu")), x * 0.5 * (1 + at::erf(x / std::sqrt(2.0))), 1e-12));
  EXPECT_TRUE(close(activate(x, activation_of_name("gelu_new")),
                    x * 0.5 * (1 + at::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x.pow(3)))), 1e-12));
  EXPECT_TRUE(close(activate(x, activation_of_name("relu")), x.clamp_min(0), 0.0));
  EXPECT_TRUE(close(activate(x, activation_of_name("silu")), x / (1 + at::exp(-x)), 1e-12));
  EXPECT_TRUE(close(activate(x, activation_of_name("tanh")), at::tanh(x), 0.0));
}

TEST(Activation, GradientsMatchCentralDifferences) {
  for (const std::string& name : activation_names()) {
    const auto function = [&](const std::vector<at::Tensor>& in) {
      return activate(in[0], activation_of_name(name)).pow(2).sum();
    };
    EXPECT_TRUE(gradients_match(function, {at::randn({12})})) << name;
  }
}

TEST(Activation, NamesTheNearestKnownName) {
  try {
    activation_of_name("gelu_neww");
    FAIL() << "accepted";
  } catch (const UnknownNameError& error) {
    EXPECT_NE(std::string(error.what()).find("\"gelu_new\""), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace infomtl::ops
