#include "infomtl/ops/information/variational.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/gaussian.h"
#include "support/gradcheck.h"
#include "support/normal.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;
using infomtl::testing::normal;
using torch::Tensor;

Tensor wide(at::IntArrayRef shape, std::uint64_t seed) { return normal(shape, seed).to(torch::kFloat64); }
Tensor positive(at::IntArrayRef shape, std::uint64_t seed) { return wide(shape, seed).exp(); }

TEST(BayesianLinear, MomentsAreThoseOfDrawnWeights) {  // PT-2.3
  const Tensor x = wide({3, 5}, 1), mean = wide({4, 5}, 2), scale = wide({4, 5}, 3) - 1;
  const Tensor bias = wide({4}, 4), bias_scale = wide({4}, 5) - 1;
  const GaussianMoments found =
      bayesian_linear(x, {mean, softplus_variance(scale)}, {bias, softplus_variance(bias_scale)});
  const std::int64_t draws = 200000;
  const Tensor weights = mean + at::log1p(scale.exp()) * wide({draws, 4, 5}, 6);
  const Tensor biases = bias + at::log1p(bias_scale.exp()) * wide({draws, 4}, 7);
  const Tensor outputs = at::matmul(x, weights.transpose(1, 2)) + biases.unsqueeze(1);  // [draws, 3, 4]
  EXPECT_TRUE(close(outputs.mean(0), found.mean, 0.03));
  EXPECT_TRUE(close((outputs.var(0) / found.variance).log(), at::zeros({3, 4}), 0.02));
}

TEST(BayesianLinear, TakesABiasWithoutVarianceAndNone) {
  const Tensor x = wide({3, 5}, 1), mean = wide({4, 5}, 2), variance = positive({4, 5}, 3), bias = wide({4}, 4);
  const GaussianMoments plain = bayesian_linear(x, {mean, variance}),
                        moved = bayesian_linear(x, {mean, variance}, {bias, {}});
  EXPECT_TRUE(close(plain.mean, at::linear(x, mean), 1e-12));
  EXPECT_TRUE(close(plain.variance, at::linear(x * x, variance), 1e-12));
  EXPECT_TRUE(close(moved.mean, plain.mean + bias, 1e-12));
  EXPECT_TRUE(at::equal(moved.variance, plain.variance));
  EXPECT_EQ(bayesian_linear(at::zeros({0, 5}, torch::kFloat64), {mean, variance}).mean.sizes(),
            at::IntArrayRef({0, 4}));
  EXPECT_THROW(bayesian_linear(wide({3, 4}, 1), {mean, variance}), ShapeError);
  EXPECT_THROW(bayesian_linear(x, {mean, {}}), ShapeError);
  EXPECT_THROW(bayesian_linear(x, {mean, variance}, {wide({3}, 1), {}}), ShapeError);
  EXPECT_TRUE(close(log_of_variance(at::zeros({2})), at::full({2}, std::log(1e-30)), 1e-4));
}

TEST(BayesianLinear, GradientsAreRight) {
  EXPECT_TRUE(gradients_match(
      [](const std::vector<Tensor>& in) {
        const GaussianMoments found =
            bayesian_linear(in[0], {in[1], softplus_variance(in[2])}, {in[3], softplus_variance(in[4])});
        return (found.mean.sin() + found.variance.log()).sum();
      },
      {wide({3, 5}, 1), wide({4, 5}, 2), wide({4, 5}, 3), wide({4}, 4), wide({4}, 5)}));
}

TEST(GumbelSoftmax, SumsToOneAndEndsOneHot) {  // PT-2.1
  const Tensor logits = wide({5}, 1), noise = gumbel_noise(at::rand({5}, torch::kFloat64));
  for (const double temperature : {1e-3, 0.5, 1.0, 10.0}) {
    EXPECT_TRUE(close(gumbel_softmax(logits, noise, temperature).sum().item<double>(), 1.0, 1e-12));
  }
  const Tensor cold = gumbel_softmax(logits, noise, 1e-4);
  EXPECT_TRUE(close(cold.max().item<double>(), 1.0, 1e-9));
  EXPECT_EQ(cold.argmax().item<std::int64_t>(), (logits + noise).argmax().item<std::int64_t>());
  EXPECT_TRUE(close(gumbel_softmax(logits, at::zeros({5}, torch::kFloat64), 1.0), logits.softmax(0), 1e-12));
  EXPECT_TRUE(close(gumbel_softmax(wide({1}, 2), wide({1}, 3), 0.7), at::ones({1}), 0));
  EXPECT_THROW(gumbel_softmax(logits, noise, 0), ConfigError);
  EXPECT_THROW(gumbel_softmax(logits, wide({4}, 1), 1), ShapeError);
  EXPECT_TRUE(gradients_match(
      [&](const std::vector<Tensor>& in) { return (gumbel_softmax(in[0], noise, 0.7) * at::arange(5)).sum(); },
      {logits}));
}

TEST(GumbelSoftmax, ItsNoiseIsGumbels) {
  const Tensor uniform = (at::arange(100000, torch::kFloat64) + 0.5) / 100000;
  const Tensor noise = gumbel_noise(uniform);
  EXPECT_NEAR(noise.mean().item<double>(), 0.5772157, 1e-3);
  EXPECT_NEAR(noise.var().item<double>(), std::acos(-1.0) * std::acos(-1.0) / 6, 1e-2);
  EXPECT_TRUE(gumbel_noise(at::zeros({1})).isfinite().all().item<bool>());
}

TEST(TaskPrior, OneOtherTaskGivesThePlainDivergence) {  // PT-2.2
  const Tensor mean = wide({3, 4}, 1), variance = positive({3, 4}, 2), there = wide({3, 4}, 3),
               apart = positive({3, 4}, 4);
  const GaussianMoments other{there.unsqueeze(0), apart.unsqueeze(0)};
  for (const TaskPrior prior : {TaskPrior::combine, TaskPrior::mixture_bound}) {
    const Tensor found = kl_to_tasks({mean, variance}, other, at::ones({1}), prior, 0);
    EXPECT_TRUE(close(found, kl_diagonal(mean, variance.log(), there, apart.log()).sum(1), 1e-12));
  }
  EXPECT_TRUE(close(kl_to_tasks({mean, variance}, {}, {}, TaskPrior::standard, 0),
                    kl_standard(mean, variance.log()).sum(1), 1e-12));
  // The floor is added to both variances.
  EXPECT_TRUE(close(kl_rows({mean, variance}, {there, apart}, 0.5),
                    kl_rows({mean, variance + 0.5}, {there, apart + 0.5}, 0), 1e-12));
}

TEST(TaskPrior, EqualPosteriorsCombineToANarrowerOne) {  // PT-2.4
  const Tensor mean = wide({2, 6}, 1), variance = positive({2, 6}, 2);
  for (const std::int64_t n : {1, 2, 5}) {
    const auto count = static_cast<double>(n);
    const GaussianMoments others{mean.expand({n, 2, 6}), variance.expand({n, 2, 6})};
    const Tensor weights = at::full({n}, 1 / count, torch::kFloat64);
    const GaussianMoments combined = combine_gaussians(weights, others);
    EXPECT_TRUE(close(combined.mean, mean, 1e-12));
    EXPECT_TRUE(close(combined.variance, variance / count, 1e-12));
    const double each = 0.5 * (std::log(1 / count) - 1 + count);
    EXPECT_TRUE(close(kl_to_tasks({mean, variance}, others, weights, TaskPrior::combine, 0),
                      at::full({2}, 6 * each, torch::kFloat64), 1e-10));
    EXPECT_TRUE(
        close(kl_to_tasks({mean, variance}, others, weights, TaskPrior::mixture_bound, 0), at::zeros({2}), 1e-10));
  }
}

TEST(TaskPrior, TheMixtureBoundIsNoLessThanTheDivergenceToTheMixture) {
  const Tensor mean = wide({1, 2}, 1), variance = positive({1, 2}, 2), means = wide({3, 1, 2}, 3),
               variances = positive({3, 1, 2}, 4), weights = wide({3}, 5).softmax(0);
  const Tensor noise = wide({20000, 2}, 6);
  const Tensor z = mean + variance.sqrt() * noise;
  const double estimate = kl_mixture_sample(z, mean.expand({20000, 2}), variance.log().expand({20000, 2}),
                                            means.squeeze(1), variances.squeeze(1).log(), weights.log())
                              .mean()
                              .item<double>();
  EXPECT_GT(kl_to_tasks({mean, variance}, {means, variances}, weights, TaskPrior::mixture_bound, 0).item<double>(),
            estimate - 0.02);
}

TEST(TaskPrior, GradientsAreRightAndReachWeightsAndPosterior) {  // PT-2.1
  const Tensor means = wide({3, 2, 4}, 1), variances = positive({3, 2, 4}, 2),
               noise = gumbel_noise(at::rand({3}, torch::kFloat64));
  for (const TaskPrior prior : {TaskPrior::combine, TaskPrior::mixture_bound, TaskPrior::standard}) {
    EXPECT_TRUE(gradients_match(
        [&](const std::vector<Tensor>& in) {
          return kl_to_tasks({in[0], in[1].exp()}, {means, variances}, gumbel_softmax(in[2], noise, 0.8), prior).sum();
        },
        {wide({2, 4}, 3), wide({2, 4}, 4), wide({3}, 5)}, 1e-5));
  }
  const Tensor logits = wide({3}, 5).requires_grad_(true);
  kl_to_tasks({wide({2, 4}, 3), positive({2, 4}, 4)}, {means, variances}, gumbel_softmax(logits, noise, 0.8),
              TaskPrior::combine)
      .sum()
      .backward();
  EXPECT_GT(logits.grad().abs().min().item<double>(), 0);
  EXPECT_EQ(task_prior("mixture_bound"), TaskPrior::mixture_bound);
  EXPECT_THROW(task_prior("combined"), ConfigError);
  EXPECT_THROW(
      kl_to_tasks({wide({2, 4}, 3), positive({2, 4}, 4)}, {means, variances}, wide({2}, 1), TaskPrior::combine),
      ShapeError);
}

TEST(TaskPrior, ClassesOfAnotherNumberAreAveraged) {
  const Tensor mean = wide({3, 4}, 1), variance = positive({3, 4}, 2);
  EXPECT_TRUE(at::equal(match_classes({mean, variance}, 3).mean, mean));
  const GaussianMoments found = match_classes({mean, variance}, 2);
  EXPECT_TRUE(close(found.mean, mean.mean(0).expand({2, 4}), 1e-12));
  EXPECT_TRUE(close(found.variance, variance.mean(0).expand({2, 4}), 1e-12));
}

TEST(RelatedInputs, AreMeansOfWhatIsAlike) {
  const Tensor bank = at::eye(4, torch::kFloat64) * 3, filled = torch::tensor({true, true, true, false});
  const Tensor x = torch::tensor({{2.0, 1.0, 0.0, 9.0}}, torch::kFloat64);
  // Scores 6, 3, 0 over their range 6; the last row of the bank holds nothing.
  const Tensor weights = torch::tensor({1.0, 0.5, 0.0}, torch::kFloat64).softmax(0);
  const Tensor expected = at::cat({weights * 3, at::zeros({1}, torch::kFloat64)}).unsqueeze(0);
  EXPECT_TRUE(close(related_inputs(x, bank, filled), expected, 1e-8));
  // Of the allowed ones alone; where none is, of all.
  const Tensor one = torch::tensor({{false, true, false, true}});
  EXPECT_TRUE(close(related_inputs(x, bank, filled, one), bank.narrow(0, 1, 1), 1e-12));
  EXPECT_TRUE(close(related_inputs(x, bank, filled, torch::tensor({{false, false, false, true}})), expected, 1e-8));
  // Of an empty bank nothing, and a number all the same.
  EXPECT_TRUE(close(related_inputs(x, bank, at::zeros({4}, torch::kBool)), at::zeros({1, 4}), 0));
  EXPECT_EQ(related_inputs(at::zeros({0, 4}, torch::kFloat64), bank, filled).sizes(), at::IntArrayRef({0, 4}));
  EXPECT_FALSE(related_inputs(x.clone().requires_grad_(true), bank, filled).requires_grad());
  EXPECT_THROW(related_inputs(at::zeros({1, 3}), bank, filled), ShapeError);
  EXPECT_THROW(related_inputs(x, bank, at::ones({3}, torch::kBool)), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
