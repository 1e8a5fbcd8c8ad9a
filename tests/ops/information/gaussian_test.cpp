#include "infomtl/ops/information/gaussian.h"

#include <cmath>
#include <numbers>

#include "infomtl/core/errors.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;
using torch::Tensor;

class Gaussian : public ::testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(11); }
};

Tensor normal(at::IntArrayRef shape) { return torch::randn(shape, torch::kFloat64); }

double log_normal(double z, double mean, double s) {
  return -0.5 * (std::log(2 * std::numbers::pi) + s + (z - mean) * (z - mean) / std::exp(s));
}
TEST_F(Gaussian, StandardKlHasItsKnownValuesAndGradients) {
  const Tensor mean = torch::tensor({{0.0, 1.0, 0.0}}, torch::kFloat64).requires_grad_(true);
  const Tensor s = torch::tensor({{0.0, 0.0, std::log(4.0)}}, torch::kFloat64).requires_grad_(true);
  const Tensor kl = kl_standard(mean, s);
  kl.sum().backward();
  EXPECT_TRUE(close(kl, torch::tensor({{0.0, 0.5, 0.806853}}), 1e-6));
  EXPECT_TRUE(close(mean.grad(), mean.detach(), 1e-12));
  EXPECT_TRUE(close(s.grad(), 0.5 * (s.detach().exp() - 1), 1e-12));
  EXPECT_EQ(kl_standard(torch::zeros({2, 3}), torch::zeros({2, 3})).abs().max().item<double>(), 0);
}

TEST_F(Gaussian, KlKeepsItsDigitsNearThePrior) {
  const Tensor s =
      torch::full({1, 1}, 1e-4);  // e^s - 1 - s = 5.00016667e-9; float32 of the plain form has no digit of it
  EXPECT_TRUE(close(kl_standard(torch::zeros({1, 1}), s).item<double>() / 2.50008334e-9, 1, 1e-3));
}

TEST_F(Gaussian, KlIsNeverNegativeAndGeneralisesTheStandardOne) {
  const Tensor mean = normal({50, 6}), s = normal({50, 6}), m = normal({50, 6}), r = normal({50, 6});
  EXPECT_GE(kl_diagonal(mean, s, m, r).min().item<double>(), 0);
  EXPECT_TRUE(close(kl_diagonal(mean, s, torch::zeros({6}), torch::zeros({6})), kl_standard(mean, s), 1e-12));
  const Tensor v1 = s.exp(), v2 = r.exp();
  EXPECT_TRUE(close(kl_diagonal(mean, s, m, r), 0.5 * (r - s + (v1 + (mean - m).square()) / v2 - 1), 1e-10));
  EXPECT_EQ(kl_diagonal(mean, s, mean, s).abs().max().item<double>(), 0);
  EXPECT_TRUE(
      close(kl_diagonal(mean, s, m[0], r[0]), kl_diagonal(mean, s, m[0].expand_as(mean), r[0].expand_as(s)), 1e-12));
}
TEST_F(Gaussian, ClassConditionalKlIsZeroWhenThePriorIsThePosterior) {
  const Tensor labels = torch::tensor({2, 0, 2, 1});
  const Tensor m = normal({3, 5}), r = normal({3, 5});
  const Tensor mean = m.index_select(0, labels), s = r.index_select(0, labels);
  EXPECT_EQ(kl_class_conditional(mean, s, m, r, labels).abs().max().item<double>(), 0);
  EXPECT_THROW(kl_class_conditional(mean, s, m, r, labels + 1), ShapeError);
  EXPECT_TRUE(
      gradients_match([&](const auto& in) { return kl_class_conditional(in[0], in[1], in[2], in[3], labels).sum(); },
                      {normal({4, 5}), normal({4, 5}), m, r}));
}

TEST_F(Gaussian, DivergencesHaveTheGradientsOfCentralDifferences) {
  EXPECT_TRUE(gradients_match([](const auto& in) { return kl_standard(in[0], in[1]).sum(); },
                              {normal({3, 4}), normal({3, 4})}));
  EXPECT_TRUE(gradients_match([](const auto& in) { return kl_diagonal(in[0], in[1], in[2], in[3]).sum(); },
                              {normal({3, 4}), normal({3, 4}), normal({4}), normal({4})}));
  EXPECT_TRUE(gradients_match([](const auto& in) { return gaussian_sample(in[0], in[1], in[2]).square().sum(); },
                              {normal({3, 4}), normal({3, 4}), normal({3, 4})}));
}

TEST_F(Gaussian, ReductionsEqualTheirDefinitions) {
  const Tensor each = normal({7, 3}).abs();
  const std::vector<int64_t> labels = {4, 0, 4, 4, -1, 0, 4};
  const Tensor classes = torch::tensor(labels);
  double expected = 0;
  for (const int64_t c : {4, 0, -1}) {
    double sum = 0;
    int64_t rows = 0;
    for (int64_t i = 0; i < 7; ++i) {
      if (labels[i] == c) sum += each[i].mean().item<double>(), ++rows;
    }
    expected += sum / static_cast<double>(rows);
  }
  const LossValue spc = reduce_coordinates(each, KlReduction::spc, classes);
  EXPECT_TRUE(close(spc.mean().item<double>(), expected, 1e-12));
  EXPECT_EQ(spc.count.item<double>(), 7);
  EXPECT_TRUE(close(reduce_coordinates(each, KlReduction::mean).mean(), each.mean(), 1e-12));
  EXPECT_TRUE(close(reduce_coordinates(each, KlReduction::sum).mean(), each.sum(1).mean(), 1e-12));
  for (const auto reduction : {KlReduction::spc, KlReduction::mean, KlReduction::sum}) {
    EXPECT_TRUE(
        gradients_match([&](const auto& in) { return reduce_coordinates(in[0], reduction, classes).mean(); }, {each}));
  }
  EXPECT_EQ(kl_reduction("spc"), KlReduction::spc);
  EXPECT_EQ(kl_reduction("mean"), KlReduction::mean);
  EXPECT_EQ(kl_reduction("sum"), KlReduction::sum);
  EXPECT_THROW(kl_reduction("summ"), ConfigError);
}
TEST_F(Gaussian, OneClassMakesSpcTheMean) {
  const Tensor each = normal({5, 3});
  const Tensor mean = reduce_coordinates(each, KlReduction::mean).mean();
  EXPECT_TRUE(close(reduce_coordinates(each, KlReduction::spc, torch::full({5}, 3)).mean(), mean, 1e-12));
  EXPECT_TRUE(close(reduce_coordinates(each, KlReduction::spc).mean(), mean, 1e-12));
}

TEST_F(Gaussian, MicroBatchesOfMeansAndSumsAddUp) {
  const Tensor each = normal({9, 4});
  for (const auto reduction : {KlReduction::mean, KlReduction::sum}) {
    const LossValue a = reduce_coordinates(each.narrow(0, 0, 2), reduction);
    const LossValue b = reduce_coordinates(each.narrow(0, 2, 7), reduction);
    EXPECT_TRUE(close((a.sum + b.sum) / (a.count + b.count), reduce_coordinates(each, reduction).mean(), 1e-12));
  }
}

TEST_F(Gaussian, SampleHasTheMomentsItWasGiven) {
  const int64_t rows = 200000;
  const Tensor mean = torch::full({rows, 1}, 1.5), s = torch::full({rows, 1}, std::log(0.25));
  const Tensor sample = gaussian_sample(mean, s, torch::randn({rows, 1}));
  EXPECT_TRUE(close(sample.mean().item<double>(), 1.5, 0.01));
  EXPECT_TRUE(close(sample.var().item<double>(), 0.25, 0.01));
  EXPECT_TRUE(close(gaussian_sample(mean, s, torch::zeros({rows, 1})), mean, 0));
}

TEST_F(Gaussian, ClampStopsTheGradientOutside) {
  const Tensor s = torch::tensor({-20.0, -10.0, 0.0, 10.0, 30.0}, torch::kFloat64).requires_grad_(true);
  const Tensor clamped = clamp_log_variance(s);
  clamped.sum().backward();
  EXPECT_TRUE(close(clamped, torch::tensor({-10.0, -10.0, 0.0, 10.0, 10.0}), 0));
  EXPECT_EQ(s.grad()[0].item<double>(), 0);
  EXPECT_EQ(s.grad()[2].item<double>(), 1);
  EXPECT_EQ(s.grad()[4].item<double>(), 0);
  EXPECT_TRUE(clamp_log_variance(torch::full({1}, NAN)).isnan().item<bool>());
  EXPECT_THROW(clamp_log_variance(s, 2, 1), ConfigError);
}

TEST_F(Gaussian, LogDensitiesEqualTheirDefinitions) {
  const Tensor mean = normal({4, 3}), s = normal({4, 3}), z = normal({5, 3});
  const Tensor scores = conditional_scores(mean, s, z);
  ASSERT_EQ(scores.sizes(), (at::IntArrayRef{4, 5}));
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t j = 0; j < 5; ++j) {
      double expected = 0;
      for (int64_t k = 0; k < 3; ++k) {
        expected += log_normal(z[j][k].item<double>(), mean[i][k].item<double>(), s[i][k].item<double>());
      }
      EXPECT_TRUE(close(scores[i][j].item<double>(), expected, 1e-10));
    }
  }
  EXPECT_TRUE(close(gaussian_log_density(z.narrow(0, 0, 4), mean, s), scores.diagonal(), 1e-10));
  EXPECT_TRUE(gradients_match([](const auto& in) { return conditional_scores(in[0], in[1], in[2]).sin().sum(); },
                              {mean, s, z}));
  EXPECT_TRUE(gradients_match([](const auto& in) { return gaussian_log_density(in[0], in[1], in[2]).sin().sum(); },
                              {normal({4, 3}), mean, s}));
}

TEST_F(Gaussian, ScoresOfFarAndNarrowGaussiansKeepTheirDigits) {
  // Means at 1000, standard deviations of 0.0067: in float32 the expanded square would be off by thousands.
  const Tensor mean = 1000 + 0.01 * torch::randn({6, 8}), s = torch::full({6, 8}, -10.0);
  const Tensor z = mean + std::exp(-5.0) * torch::randn({6, 8});
  const Tensor direct = gaussian_log_density(z.to(torch::kFloat64).unsqueeze(0), mean.to(torch::kFloat64).unsqueeze(1),
                                             s.to(torch::kFloat64).unsqueeze(1));
  EXPECT_TRUE(close(conditional_scores(mean, s, z), direct, 1e-6, 1e-6));
}

TEST_F(Gaussian, MixtureDensityEqualsItsDefinition) {
  const Tensor m = normal({3, 2}), r = normal({3, 2}), logits = normal({3}), z = normal({5, 2});
  const Tensor weights = logits.softmax(0);
  Tensor expected = torch::zeros({5}, torch::kFloat64);
  for (int64_t k = 0; k < 3; ++k) expected += weights[k] * gaussian_log_density(z, m[k], r[k]).exp();
  EXPECT_TRUE(close(mixture_log_density(z, m, r, logits), expected.log(), 1e-10));
  EXPECT_TRUE(
      close(mixture_log_density(z, m, r), mixture_log_density(z, m, r, torch::zeros({3}, torch::kFloat64)), 1e-12));
  EXPECT_TRUE(
      close(mixture_log_density(z, m.narrow(0, 0, 1), r.narrow(0, 0, 1)), gaussian_log_density(z, m[0], r[0]), 1e-10));
  EXPECT_TRUE(
      gradients_match([](const auto& in) { return kl_mixture_sample(in[0], in[1], in[2], in[3], in[4], in[5]).sum(); },
                      {z, normal({5, 2}), normal({5, 2}), m, r, logits}));
}

TEST_F(Gaussian, SampledMixtureKlAveragesToTheClosedFormForOneComponent) {
  const int64_t draws = 200000;
  const Tensor mean = torch::tensor({{0.7, -0.2}}), s = torch::tensor({{-0.5, 0.3}});
  const Tensor m = torch::tensor({{0.1, 0.4}}), r = torch::tensor({{0.2, -0.1}});
  const Tensor means = mean.expand({draws, 2}), variances = s.expand({draws, 2});
  const Tensor z = gaussian_sample(means, variances, torch::randn({draws, 2}));
  EXPECT_TRUE(close(kl_mixture_sample(z, means, variances, m, r).mean().item<double>(),
                    kl_diagonal(mean, s, m, r).sum().item<double>(), 0.01));
}
TEST_F(Gaussian, MomentMatchIsTheBestDiagonalPrior) {
  const Tensor mean = normal({20, 3}), s = 0.5 * normal({20, 3});
  const DiagonalGaussian best = moment_match(mean, s);
  auto average = [&](const Tensor& m, const Tensor& r) { return kl_diagonal(mean, s, m, r).sum(1).mean(); };
  const Tensor m = best.mean.clone().requires_grad_(true), r = best.log_variance.clone().requires_grad_(true);
  const Tensor least = average(m, r);
  least.backward();
  EXPECT_TRUE(close(m.grad(), torch::zeros({3}), 1e-12));
  EXPECT_TRUE(close(r.grad(), torch::zeros({3}), 1e-12));
  EXPECT_LE(least.item<double>(), kl_standard(mean, s).sum(1).mean().item<double>());
  EXPECT_GT(average(best.mean + 0.1, best.log_variance).item<double>(), least.item<double>());
}

TEST_F(Gaussian, InformationOfAStochasticHeadLiesBetweenItsBounds) {
  // x ~ N(0, 1), z | x ~ N(x, v): I(X; Z) = log(1 + 1/v) / 2 a coordinate.
  const int64_t rows = 2000;
  for (const double v : {0.25, 1.0, 4.0}) {
    const double truth = 2 * 0.5 * std::log1p(1 / v);
    const Tensor mean = normal({rows, 2}).requires_grad_(true),
                 s = torch::full({rows, 2}, std::log(v), torch::kFloat64);
    const InformationSandwich found = conditional_information(gaussian_sample(mean, s, normal({rows, 2})), mean, s);
    EXPECT_LE(found.lower.item<double>(), truth + 0.06);
    EXPECT_GE(found.upper.item<double>(), truth - 0.06);
    EXPECT_LE(found.lower.item<double>(), found.upper.item<double>());
    EXPECT_NEAR(found.upper.item<double>() - found.lower.item<double>(), 0, 0.05);
    EXPECT_FALSE(found.upper.requires_grad());
  }
  // Conditions that are all the same carry nothing.
  const Tensor same = torch::zeros({10, 3}, torch::kFloat64);
  const InformationSandwich nothing = conditional_information(normal({10, 3}), same, same);
  EXPECT_TRUE(close(nothing.lower.item<double>(), 0, 1e-12));
  EXPECT_TRUE(close(nothing.upper.item<double>(), 0, 1e-12));
}

TEST_F(Gaussian, LeaveOneOutCompression) {
  const Tensor mean = normal({6, 3}), s = normal({6, 3}), noise = normal({6, 3});
  EXPECT_TRUE(gradients_match(
      [&](const auto& in) { return l1out_compression(gaussian_sample(in[0], in[1], noise), in[0], in[1]).mean(); },
      {mean, s}));
  const Tensor z = gaussian_sample(mean, s, noise);
  EXPECT_TRUE(close(l1out_compression(z, mean, s).mean(), conditional_information(z, mean, s).upper, 1e-12));
  const LossValue alone = l1out_compression(z.narrow(0, 0, 1), mean.narrow(0, 0, 1), s.narrow(0, 0, 1));
  EXPECT_EQ(alone.sum.item<double>(), 0);
  EXPECT_EQ(alone.count.item<double>(), 1);
}

TEST_F(Gaussian, HugeAndMissingValuesPassThroughWithoutSurprise) {
  const Tensor mean = torch::full({2, 2}, 1e6), s = torch::full({2, 2}, -10.0);
  EXPECT_TRUE(kl_standard(mean, s).isfinite().all().item<bool>());
  EXPECT_TRUE(kl_standard(torch::full({1, 1}, NAN), torch::zeros({1, 1})).isnan().item<bool>());
  EXPECT_TRUE(conditional_scores(torch::full({2, 2}, NAN), s, mean).isnan().all().item<bool>());
  EXPECT_EQ(kl_standard(mean.to(torch::kBFloat16), s.to(torch::kBFloat16)).scalar_type(), torch::kFloat32);
}

TEST_F(Gaussian, BadShapesAreNamed) {
  const Tensor a = torch::zeros({3, 2});
  EXPECT_THROW(kl_standard(a, torch::zeros({3, 3})), ShapeError);
  EXPECT_THROW(kl_standard(torch::zeros({0, 2}), torch::zeros({0, 2})), ShapeError);
  EXPECT_THROW(kl_diagonal(a, a, torch::zeros({3}), torch::zeros({3})), ShapeError);
  EXPECT_THROW(gaussian_sample(a, a, torch::zeros({2, 2})), ShapeError);
  EXPECT_THROW(reduce_coordinates(a, KlReduction::spc, torch::zeros({2}, torch::kInt64)), ShapeError);
  EXPECT_THROW(conditional_scores(a, a, torch::zeros({4, 3})), ShapeError);
  EXPECT_THROW(mixture_log_density(a, a, a, torch::zeros({2})), ShapeError);
  EXPECT_THROW(conditional_information(a.narrow(0, 0, 1), a.narrow(0, 0, 1), a.narrow(0, 0, 1)), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
