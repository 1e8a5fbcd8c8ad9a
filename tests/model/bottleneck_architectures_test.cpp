// vib and additive_noise: known answers.

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/gaussian.h"
#include "model/architecture_cases.h"
#include "support/compare.h"

namespace infomtl {
namespace {

using testing::build_architecture;
using testing::close;
using testing::kWidth;
using testing::random_rows;

TEST(Vib, IsTwoNetsAndASample) {
  const auto vib = build_architecture({{"name", "vib"}, {"width", 4}, {"hidden", 5}});
  EXPECT_EQ(vib->width(), 4);
  const SharedRows rows = random_rows(4000);
  const TaskRepresentation evaluated = vib->forward(0, rows, nullptr);
  EXPECT_TRUE(close(evaluated.mean, testing::net_of(*vib, "mean", rows.pooled), 1e-6));
  EXPECT_TRUE(close(evaluated.log_variance, testing::net_of(*vib, "log_variance", rows.pooled), 1e-6));
  EXPECT_FALSE(evaluated.prior_log_variance.defined());
  ops::TensorRandom noise(1);
  const TaskRepresentation trained = vib->forward(0, rows, &noise);
  const Tensor standardized = (trained.value - trained.mean) / at::exp(trained.log_variance / 2);
  EXPECT_NEAR(standardized.mean().item<double>(), 0.0, 0.03);
  EXPECT_NEAR(standardized.var().item<double>(), 1.0, 0.04);
  // Every task reads the same code.
  EXPECT_TRUE(at::equal(vib->forward(2, rows, nullptr).value, evaluated.value));
}

TEST(Vib, WithoutVarianceIsALinearBottleneck) {  // PT-7.10
  const auto vib = build_architecture({{"name", "vib"}, {"width", 4}, {"log_variance_low", -20}});
  testing::make_constant(*vib, "log_variance", -20.0);
  const SharedRows rows = random_rows(50);
  const auto parameters = vib->named_parameters();
  ops::TensorRandom noise(1);
  const Tensor value = vib->forward(0, rows, &noise).value;
  const Tensor expected = at::linear(rows.pooled, parameters["mean.output.weight"], parameters["mean.output.bias"]);
  EXPECT_TRUE(close(value, expected, 5 * std::exp(-10.0)));
}

TEST(Vib, ClampsTheLogVariance) {
  const auto vib = build_architecture({{"name", "vib"}, {"log_variance_low", -1}, {"log_variance_high", 0.5}});
  SharedRows rows = random_rows(50);
  rows.pooled = rows.pooled * 1e4;
  const Tensor log_variance = vib->forward(0, rows, nullptr).log_variance;
  EXPECT_EQ(log_variance.min().item<double>(), -1.0);
  EXPECT_EQ(log_variance.max().item<double>(), 0.5);
}

TEST(AdditiveNoise, WithoutNoiseIsHardSharing) {  // PT-7.11
  const auto architecture =
      build_architecture({{"name", "additive_noise"}, {"width", 0}, {"normalize", false}, {"initial_noise", 1e-12}});
  EXPECT_EQ(architecture->width(), kWidth);
  EXPECT_TRUE(architecture->shared_parameters().empty());
  const Tensor pooled = random_rows(5).pooled.detach().clone().requires_grad_(true);
  ops::TensorRandom noise(1);
  const Tensor value = architecture->forward(1, {.pooled = pooled, .layers = {}}, &noise).value;
  EXPECT_TRUE(close(value, pooled, 1e-10));
  const Tensor direction = random_rows(5, 9).pooled;
  EXPECT_TRUE(at::equal(torch::autograd::grad({(value * direction).sum()}, {pooled})[0], direction));
}

TEST(AdditiveNoise, HasTheLearnedSizeTaskByTask) {
  const auto architecture = build_architecture({{"name", "additive_noise"}, {"width", 0}, {"initial_noise", 0.5}});
  testing::set(*architecture, "noise_log_variance.1", torch::tensor({-4.0, -2.0, 0.0, 1.0, 2.0, 3.0}));
  const SharedRows rows = random_rows(8000);
  for (const auto& [task, variances] :
       {std::pair<std::size_t, Tensor>{0, at::full({kWidth}, 0.25)},
        std::pair<std::size_t, Tensor>{1, torch::tensor({-4.0, -2.0, 0.0, 1.0, 2.0, 3.0}).exp()}}) {
    ops::TensorRandom noise(task + 1);
    const TaskRepresentation found = architecture->forward(task, rows, &noise);
    EXPECT_TRUE(close(found.log_variance[17], variances.log(), 1e-6));
    EXPECT_TRUE(close(((found.value - found.mean).var(0) / variances).log(), at::zeros({kWidth}), 0.08));
  }
}

TEST(AdditiveNoise, TheCodeCannotOutgrowTheNoise) {
  const auto architecture = build_architecture({{"name", "additive_noise"}, {"width", 0}});
  SharedRows rows = random_rows(5);
  const Tensor code = architecture->forward(0, rows, nullptr).value;
  EXPECT_TRUE(close(code.mean(1), at::zeros({5}), 1e-6));
  EXPECT_TRUE(close(code.square().mean(1), at::ones({5}), 1e-3));
  rows.pooled = rows.pooled * 1000;
  EXPECT_TRUE(close(architecture->forward(0, rows, nullptr).value, code, 1e-3));
}

TEST(AdditiveNoise, CompressionIsTheCapacityOfItsChannel) {  // PT-7.12
  // For a code of unit variance and the best prior v = 1 + sigma^2, mean KL = 1/2 sum log(1 + 1/sigma^2).
  for (const double sigma : {0.1, 0.5, 2.0}) {
    const auto architecture = build_architecture({{"name", "additive_noise"}, {"width", 32}, {"initial_noise", sigma}});
    const TaskRepresentation found = architecture->forward(2, random_rows(40), nullptr);
    const auto rate = [&](const Tensor& prior) {
      return ops::kl_diagonal(found.mean, found.log_variance, at::zeros({32}), prior).sum(1).mean().item<double>();
    };
    const double capacity = 32 * 0.5 * std::log1p(1 / (sigma * sigma));
    EXPECT_TRUE(close(rate(found.prior_log_variance), capacity, 1e-3 * capacity));
    // Any other prior costs more.
    EXPECT_GT(rate(found.prior_log_variance + 0.3), capacity);
    EXPECT_GT(rate(found.prior_log_variance - 0.3), capacity);
  }
  const auto standard = build_architecture({{"name", "additive_noise"}, {"prior", "standard"}});
  EXPECT_FALSE(standard->forward(0, random_rows(3), nullptr).prior_log_variance.defined());
}

TEST(AdditiveNoise, TasksWithLikeNoiseAreAlike) {
  const auto architecture = build_architecture({{"name", "additive_noise"}, {"width", 4}});
  testing::fill(*architecture, "noise_log_variance.0", 2 * std::log(0.5));
  testing::fill(*architecture, "noise_log_variance.1", 2 * std::log(0.5));
  testing::fill(*architecture, "noise_log_variance.2", 2 * std::log(2.0));
  EXPECT_TRUE(close(architecture->task_similarity(),
                    torch::tensor({{1.0, 1.0, 0.25}, {1.0, 1.0, 0.25}, {0.25, 0.25, 1.0}}), 1e-6));
}

}  // namespace
}  // namespace infomtl
