#include "infomtl/ops/information/contrastive.h"

#include <cmath>

#include "infomtl/core/errors.h"
#include "support/gradcheck.h"
#include "support/tensor_memory.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;
using torch::Tensor;

class Contrast : public ::testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(7); }
};

struct Reference {
  Tensor sum, z_gradient, keys_gradient;
};

/// InfoNCE from its definition, pair by pair, in float64.
Reference reference(const Tensor& z, const Tensor& keys, const InfoNceOptions& options,
                    std::vector<int64_t> positive = {}, const Tensor& ignored = {}) {
  const Tensor a = z.detach().to(torch::kFloat64).requires_grad_(true);
  const Tensor b = keys.detach().to(torch::kFloat64).requires_grad_(true);
  const int64_t n = a.size(0), m = b.size(0);
  if (positive.empty()) {
    for (int64_t i = 0; i < n; ++i) positive.push_back(i);
  }
  auto score = [&](int64_t i, int64_t j) {
    Tensor inner = (a[i] * b[j]).sum();
    if (options.normalise) inner = inner / a[i].square().sum().sqrt() / b[j].square().sum().sqrt();
    return inner / options.temperature;
  };
  Tensor sum = torch::zeros({}, torch::kFloat64);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t own = positive[i];
    Tensor keys_sum = torch::zeros({}, torch::kFloat64), anchors_sum = torch::zeros({}, torch::kFloat64);
    for (int64_t j = 0; j < m; ++j) {
      if (j == own || !ignored.defined() || !ignored[i][j].item<bool>()) keys_sum = keys_sum + score(i, j).exp();
    }
    for (int64_t j = 0; j < n; ++j) {
      const bool kept = !ignored.defined() || !ignored[j][own].item<bool>() || positive[j] == own;
      if (kept) anchors_sum = anchors_sum + score(j, own).exp();
    }
    const Tensor forward = keys_sum.log() - score(i, own), backward = anchors_sum.log() - score(i, own);
    sum = sum + (options.symmetric ? 0.5 * (forward + backward) : forward);
  }
  const auto gradients = torch::autograd::grad({sum}, {a, b});
  return {sum.detach(), gradients[0], gradients[1]};
}

TEST_F(Contrast, EqualsTheFloat64DefinitionInValueAndGradients) {
  for (const bool normalise : {true, false}) {
    for (const bool symmetric : {false, true}) {
      for (const double temperature : {0.1, 1.0}) {
        const InfoNceOptions options{.temperature = temperature, .normalise = normalise, .symmetric = symmetric};
        const Tensor z = (torch::randn({9, 12}) * 0.3).requires_grad_(true);
        const Tensor keys = (z.detach() + 0.2 * torch::randn({9, 12})).requires_grad_(true);
        const Reference expected = reference(z, keys, options);
        const LossValue loss = info_nce(z, keys, options);
        loss.mean().backward();
        EXPECT_TRUE(close(loss.mean(), expected.sum / 9, 1e-6));
        EXPECT_TRUE(close(z.grad(), expected.z_gradient / 9, 1e-6));
        EXPECT_TRUE(close(keys.grad(), expected.keys_gradient / 9, 1e-6));
        EXPECT_EQ(loss.count.item<float>(), 9);
        EXPECT_EQ(loss.sum.scalar_type(), torch::kFloat32);
        EXPECT_FALSE(loss.count.requires_grad());
      }
    }
  }
}

TEST_F(Contrast, StaysExactAtTrainingSize) {
  for (const double temperature : {0.05, 0.1, 1.0}) {
    const Tensor z = torch::randn({128, 384}).requires_grad_(true);
    const Tensor keys = (z.detach() + 0.5 * torch::randn({128, 384})).requires_grad_(true);
    const Tensor z64 = z.detach().to(torch::kFloat64).requires_grad_(true);
    const Tensor keys64 = keys.detach().to(torch::kFloat64).requires_grad_(true);
    const Tensor scores = torch::mm(z64 / z64.norm(2, 1, true), (keys64 / keys64.norm(2, 1, true)).t()) / temperature;
    const Tensor expected = (scores.logsumexp(1) - scores.diagonal()).mean();
    expected.backward();
    const Tensor found = info_nce(z, keys, {.temperature = temperature}).mean();
    found.backward();
    EXPECT_TRUE(close(found, expected, 1e-6));
    EXPECT_TRUE(close(z.grad(), z64.grad(), 1e-6, 1e-5));
    EXPECT_TRUE(close(keys.grad(), keys64.grad(), 1e-6, 1e-5));
  }
}

TEST_F(Contrast, GradientsMatchCentralDifferences) {
  for (const bool normalise : {true, false}) {
    for (const bool symmetric : {false, true}) {
      const InfoNceOptions options{.temperature = 0.4, .normalise = normalise, .symmetric = symmetric};
      EXPECT_TRUE(gradients_match([&](const auto& in) { return info_nce(in[0], in[1], options).mean(); },
                                  {torch::randn({4, 3}), torch::randn({4, 3})}));
      const Tensor positive = torch::tensor({5, 0, 5, 2});
      const Tensor ignored = torch::rand({4, 6}) < 0.3;
      EXPECT_TRUE(
          gradients_match([&](const auto& in) { return info_nce(in[0], in[1], options, positive, ignored).mean(); },
                          {torch::randn({4, 3}), torch::randn({6, 3})}));
      EXPECT_TRUE(gradients_match(
          [&](const auto& in) { return info_nce_from_scores(in[0], symmetric, positive, ignored).mean(); },
          {torch::randn({4, 6})}));
    }
  }
}

TEST_F(Contrast, SecondDerivativesMatchCentralDifferences) {
  for (const bool symmetric : {false, true}) {
    const InfoNceOptions options{.temperature = 0.7, .symmetric = symmetric};
    EXPECT_TRUE(gradients_match(
        [&](const auto& in) {
          const at::AutoGradMode with_graph(true);  // the differences are taken without one
          const auto first =
              torch::autograd::grad({info_nce(in[0], in[1], options).sum}, {in[0], in[1]}, {}, true, true);
          return first[0].square().sum() + first[1].pow(3).sum();
        },
        {torch::randn({4, 3}), torch::randn({4, 3})}, 1e-6, 1e-6));
  }
}

TEST_F(Contrast, ExtraKeysAreNegativesAndPositivesMayBeAnyKey) {
  const Tensor z = torch::randn({5, 6}), keys = torch::randn({9, 6});
  for (const bool symmetric : {false, true}) {
    const InfoNceOptions options{.temperature = 0.5, .symmetric = symmetric};
    EXPECT_TRUE(close(info_nce(z, keys, options).sum, reference(z, keys, options).sum, 1e-5));
    const std::vector<int64_t> where = {8, 0, 3, 3, 1};
    EXPECT_TRUE(
        close(info_nce(z, keys, options, torch::tensor(where)).sum, reference(z, keys, options, where).sum, 1e-5));
    const Tensor ignored = torch::rand({5, 9}) < 0.4;
    EXPECT_TRUE(close(info_nce(z, keys, options, torch::tensor(where), ignored).sum,
                      reference(z, keys, options, where, ignored).sum, 1e-5));
  }
  EXPECT_GT(info_nce(z, keys).sum.item<double>(), info_nce(z, keys.narrow(0, 0, 5)).sum.item<double>());
}

TEST_F(Contrast, IgnoringEverythingButThePositiveLeavesNoLoss) {
  const Tensor z = torch::randn({5, 6}).requires_grad_(true), keys = torch::randn({5, 6});
  const LossValue loss = info_nce(z, keys, {.temperature = 0.1}, {}, torch::ones({5, 5}, torch::kBool));
  loss.mean().backward();
  EXPECT_TRUE(close(loss.sum.item<double>(), 0, 1e-6));
  EXPECT_TRUE(close(z.grad(), torch::zeros({5, 6}), 1e-6));
}
TEST_F(Contrast, IdenticalRowsGiveLogBAndNoGradient) {
  for (const int64_t b : {1, 2, 8, 128}) {
    const Tensor row = torch::randn({1, 16});
    const Tensor z = row.repeat({b, 1}).requires_grad_(true), keys = row.repeat({b, 1}).requires_grad_(true);
    const Tensor loss = info_nce(z, keys, {.temperature = 0.1}).mean();
    loss.backward();
    EXPECT_TRUE(close(loss.item<double>(), std::log(static_cast<double>(b)), 1e-6)) << b;
    EXPECT_TRUE(close(z.grad(), torch::zeros_like(z), 1e-6)) << b;
    EXPECT_TRUE(close(keys.grad(), torch::zeros_like(z), 1e-6)) << b;
  }
}
TEST_F(Contrast, OrthonormalViewsHaveTheClosedForm) {
  const Tensor z = torch::eye(8), z64 = torch::eye(8, torch::kFloat64);
  EXPECT_TRUE(close(info_nce(z64, z64, {.temperature = 0.1}).mean().item<double>(), 3.17749e-4, 1e-9));
  EXPECT_TRUE(close(info_nce(z, z, {.temperature = 0.1}).mean().item<double>(), 3.17749e-4, 1e-7));
  for (const double tau : {0.1, 0.5, 1.0}) {
    const double expected = std::log1p(7 * std::exp(-1 / tau));
    EXPECT_TRUE(
        close(info_nce(z, 3 * z, {.temperature = tau, .symmetric = true}).mean().item<double>(), expected, 1e-6));
  }
}

// The gradient in the cosines is (softmax - identity) / (B tau).
TEST_F(Contrast, GradientInTheCosinesIsSoftmaxMinusIdentity) {
  const double tau = 0.2;
  const Tensor cosines = (2 * torch::rand({6, 6}, torch::kFloat64) - 1).requires_grad_(true);
  info_nce_from_scores(cosines / tau).mean().backward();
  const Tensor expected = ((cosines / tau).softmax(1) - torch::eye(6, torch::kFloat64)) / (6 * tau);
  EXPECT_TRUE(close(cosines.grad(), expected.detach(), 1e-12));
}

// One pass over 2B rows, cut in two, is two passes.
TEST_F(Contrast, ViewsOfOneStackedPassGiveTheLossOfTwoPasses) {
  const Tensor stacked = torch::randn({12, 5}).requires_grad_(true);
  const auto halves = stacked.chunk(2);
  const Tensor loss = info_nce(halves[0], halves[1], {.temperature = 0.1}).mean();
  loss.backward();
  const Tensor first = halves[0].detach().clone().requires_grad_(true);
  const Tensor second = halves[1].detach().clone().requires_grad_(true);
  const Tensor apart = info_nce(first, second, {.temperature = 0.1}).mean();
  apart.backward();
  EXPECT_TRUE(torch::equal(loss, apart));
  EXPECT_TRUE(torch::equal(stacked.grad(), torch::cat({first.grad(), second.grad()})));
}

TEST_F(Contrast, LossOfCosinesStaysAboveItsFloor) {
  const double floor = std::log1p(127 * std::exp(-2.0));  // tau = 1: 2.900 for B = 128
  EXPECT_TRUE(close(floor, 2.900, 1e-3));
  for (int i = 0; i < 5; ++i) {
    const Tensor z = torch::randn({128, 2 + i});
    EXPECT_GE(info_nce(z, z).mean().item<double>(), floor);
  }
}

TEST_F(Contrast, OneRowHasNothingToTellApart) {
  const Tensor z = torch::randn({1, 4}).requires_grad_(true);
  const LossValue loss = info_nce(z, torch::randn({1, 4}), {.temperature = 0.1, .symmetric = true});
  loss.sum.backward();
  EXPECT_EQ(loss.sum.item<double>(), 0);
  EXPECT_TRUE(close(z.grad(), torch::zeros({1, 4}), 0));
}

TEST_F(Contrast, ZeroRowsScoreZeroAndTakeNoGradient) {
  const Tensor z = torch::randn({4, 5}), keys = torch::randn({4, 5});
  z[1].zero_();
  keys[2].zero_();
  z.requires_grad_(true), keys.requires_grad_(true);
  const Tensor loss = info_nce(z, keys, {.temperature = 0.1}).mean();
  loss.backward();
  EXPECT_TRUE(loss.isfinite().item<bool>());
  EXPECT_TRUE(z.grad().isfinite().all().item<bool>());
  EXPECT_TRUE(close(z.grad()[1], torch::zeros({5}), 0));
  EXPECT_TRUE(close(keys.grad()[2], torch::zeros({5}), 0));
  EXPECT_GT(z.grad()[0].abs().max().item<double>(), 0);
}

TEST_F(Contrast, CosineLossDoesNotDependOnLengthEvenHugeOrTiny) {
  const Tensor z = torch::randn({6, 5}), keys = torch::randn({6, 5});
  const Tensor expected = info_nce(z, keys, {.temperature = 0.1}).sum;
  for (const double scale : {1e-9, 1e9, 1e30, 1e37}) {
    EXPECT_TRUE(close(info_nce(z * scale, keys, {.temperature = 0.1}).sum, expected, 1e-5)) << scale;
    EXPECT_TRUE(close(info_nce(z, keys * scale, {.temperature = 0.1}).sum, expected, 1e-5)) << scale;
  }
}

TEST_F(Contrast, LargeScoresDoNotOverflow) {
  const Tensor z = torch::eye(3) * 100;
  const LossValue loss = info_nce(z, z, {.temperature = 1e-3, .normalise = false});
  EXPECT_EQ(loss.sum.item<double>(), 0);
  const LossValue wrong = info_nce_from_scores((1 - torch::eye(3)) * 1e30);
  EXPECT_TRUE(close(wrong.mean().item<double>() / 1e30, 1, 1e-6));
}

TEST_F(Contrast, NanMakesTheLossNan) {
  const Tensor z = torch::randn({4, 5});
  z[2][1] = NAN;
  EXPECT_TRUE(info_nce(z, torch::randn({4, 5})).sum.isnan().item<bool>());
  EXPECT_TRUE(info_nce(torch::randn({4, 5}), z, {.normalise = false}).sum.isnan().item<bool>());
  EXPECT_TRUE(supervised_contrastive(z, torch::tensor({0, 0, 1, 1})).sum.isnan().item<bool>());
  EXPECT_TRUE(uniformity(z).isnan().item<bool>());
  EXPECT_TRUE(alignment(z, z).isnan().item<bool>());
}

TEST_F(Contrast, NarrowInputIsComputedInFloat32) {
  const Tensor z = torch::randn({6, 8}).to(torch::kBFloat16).requires_grad_(true);
  const Tensor keys = torch::randn({6, 8}).to(torch::kBFloat16);
  const LossValue loss = info_nce(z, keys, {.temperature = 0.1});
  loss.mean().backward();
  EXPECT_EQ(loss.sum.scalar_type(), torch::kFloat32);
  EXPECT_EQ(z.grad().scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(close(
      loss.sum, info_nce(z.detach().to(torch::kFloat32), keys.to(torch::kFloat32), {.temperature = 0.1}).sum, 1e-6));
  const LossValue wide = info_nce(z.detach().to(torch::kFloat64), keys);
  EXPECT_EQ(wide.sum.scalar_type(), torch::kFloat64);
}

TEST_F(Contrast, NoGraphIsMadeWithoutGradients) {
  const Tensor z = torch::randn({4, 5}).requires_grad_(true);
  EXPECT_FALSE(info_nce(z.detach(), z.detach()).sum.requires_grad());
  torch::NoGradGuard no_grad;
  EXPECT_FALSE(info_nce(z, z).sum.requires_grad());
}

TEST_F(Contrast, BadShapesAndSettingsAreNamed) {
  const Tensor z = torch::randn({4, 5});
  EXPECT_THROW(info_nce(torch::zeros({0, 5}), torch::zeros({0, 5})), ShapeError);
  EXPECT_THROW(info_nce(z, torch::randn({4, 6})), ShapeError);
  EXPECT_THROW(info_nce(z, torch::randn({3, 5})), ShapeError);
  EXPECT_THROW(info_nce(z, z[0]), ShapeError);
  EXPECT_THROW(info_nce(z, Tensor()), ShapeError);
  EXPECT_THROW(info_nce(z, z, {}, torch::tensor({0, 1, 2, 4})), ShapeError);
  EXPECT_THROW(info_nce(z, z, {}, torch::tensor({0, 1, 2})), ShapeError);
  EXPECT_THROW(info_nce(z, z, {}, {}, torch::zeros({4, 5}, torch::kBool)), ShapeError);
  EXPECT_THROW(info_nce(z, z, {.temperature = 0}), ConfigError);
  EXPECT_THROW(info_nce(z, z, {.temperature = NAN}), ConfigError);
  EXPECT_THROW(info_nce_from_scores(torch::zeros({3, 2})), ShapeError);
  EXPECT_THROW(supervised_contrastive(z, torch::tensor({0, 1})), ShapeError);
  EXPECT_THROW(uniformity(z.narrow(0, 0, 1)), ShapeError);
  EXPECT_THROW(alignment(z, torch::randn({3, 5})), ShapeError);
}

TEST_F(Contrast, SupervisedContrastEqualsItsDefinition) {
  const Tensor z = torch::randn({7, 4}, torch::kFloat64);
  const std::vector<int64_t> labels = {0, 1, 0, 2, 1, 0, 5};
  const double tau = 0.3;
  double expected = 0;
  int64_t anchors = 0;
  const Tensor unit = z / z.norm(2, 1, true);
  for (int64_t i = 0; i < 7; ++i) {
    double denominator = 0, sum = 0;
    int64_t positives = 0;
    auto score = [&](int64_t j) { return (unit[i] * unit[j]).sum().item<double>() / tau; };
    for (int64_t j = 0; j < 7; ++j) denominator += j == i ? 0 : std::exp(score(j));
    for (int64_t j = 0; j < 7; ++j) {
      if (j != i && labels[i] == labels[j]) sum += score(j) - std::log(denominator), ++positives;
    }
    if (positives > 0) expected -= sum / static_cast<double>(positives), ++anchors;
  }
  const LossValue loss = supervised_contrastive(z, torch::tensor(labels), tau);
  EXPECT_TRUE(close(loss.sum.item<double>(), expected, 1e-12));
  EXPECT_EQ(loss.count.item<double>(), static_cast<double>(anchors));
  EXPECT_TRUE(gradients_match(
      [&](const auto& in) { return supervised_contrastive(in[0], torch::tensor(labels), tau).mean(); }, {z}));
}

TEST_F(Contrast, SupervisedContrastWithoutPairsIsEmptyNotNan) {
  for (const int64_t rows : {1, 3}) {
    const Tensor z = torch::randn({rows, 4}).requires_grad_(true);
    const LossValue loss = supervised_contrastive(z, torch::arange(rows));
    loss.sum.backward();
    EXPECT_EQ(loss.sum.item<double>(), 0);
    EXPECT_EQ(loss.count.item<double>(), 0);
    EXPECT_TRUE(close(z.grad(), torch::zeros({rows, 4}), 0));
  }
}

TEST_F(Contrast, UniformityOfManyRowsEqualsItsDefinition) {
  for (const int64_t rows : {2, 128, 129, 257, 1000}) {
    const Tensor z = torch::randn({rows, 5}, torch::kFloat64);
    const Tensor unit = z / z.norm(2, 1, true);
    const Tensor squares = (unit.unsqueeze(0) - unit.unsqueeze(1)).square().sum(2);
    const Tensor pair = torch::ones({rows, rows}, torch::kBool).triu(1);
    const double expected = std::log((-2 * squares.masked_select(pair)).exp().mean().item<double>());
    EXPECT_TRUE(close(uniformity(z).item<double>(), expected, 1e-12 * std::abs(expected))) << rows;
  }
  EXPECT_TRUE(gradients_match([](const auto& in) { return uniformity(in[0]); }, {torch::randn({130, 2})}));
}

TEST_F(Contrast, UniformityTakesMemoryOfABlockOfRows) {
  const int64_t rows = 3000;
  const Tensor z = torch::randn({rows, 5}, torch::kFloat64);
  infomtl::testing::TensorMemory memory;
  uniformity(z);
  EXPECT_LT(memory.most, rows * rows * 8) << "less than one matrix of all pairs";
}

TEST_F(Contrast, UniformityAndAlignmentHaveTheirKnownValues) {
  const Tensor axis = torch::tensor({{1.0, 0.0}, {-2.0, 0.0}});
  EXPECT_TRUE(close(uniformity(axis).item<double>(), -8, 1e-6));  // opposite: |u - v|^2 = 4
  EXPECT_TRUE(close(uniformity(torch::ones({5, 3})).item<double>(), 0, 1e-6));
  const Tensor corner = torch::eye(4);
  EXPECT_TRUE(close(uniformity(corner, 3).item<double>(), -6, 1e-6));
  EXPECT_TRUE(close(alignment(axis, -axis).item<double>(), 4, 1e-6));
  EXPECT_TRUE(close(alignment(axis, -axis, 1).item<double>(), 2, 1e-6));
  EXPECT_TRUE(close(alignment(corner, 7 * corner).item<double>(), 0, 1e-6));
  EXPECT_TRUE(gradients_match([](const auto& in) { return uniformity(in[0]); }, {torch::randn({5, 3})}));
  EXPECT_TRUE(gradients_match([](const auto& in) { return alignment(in[0], in[1]) + alignment(in[0], in[1], 1.5); },
                              {torch::randn({5, 3}), torch::randn({5, 3})}));
}

TEST_F(Contrast, InformationOfTwoViewsIsALowerBoundThatReadsNoScale) {
  const int64_t rows = 400;
  const auto views = [&](double correlation) {
    const Tensor x = torch::randn({rows, 2}, torch::kFloat64);
    const Tensor noise = torch::randn({rows, 2}, torch::kFloat64);
    return std::pair(x, correlation * x + std::sqrt(1 - correlation * correlation) * noise);
  };
  double before = 0;
  for (const double correlation : {0.5, 0.8, 0.95}) {
    const auto [x, y] = views(correlation);
    const double truth = -std::log(1 - correlation * correlation);  // of two independent pairs of Gaussians
    const double found = two_view_information(x, y).item<double>();
    EXPECT_LT(found, truth + 0.1) << correlation;
    EXPECT_GT(found, 0.6 * truth) << correlation;
    EXPECT_GT(found, before);
    before = found;
    const Tensor scale = torch::tensor({100.0, 0.01}, torch::kFloat64);
    EXPECT_NEAR(two_view_information(x * scale + 3, y * scale + 3).item<double>(), found, 1e-6);
  }
}

TEST_F(Contrast, InformationOfTwoViewsEndsAtTheLogarithmOfTheirRows) {
  const Tensor x = torch::randn({50, 8});
  EXPECT_NEAR(two_view_information(x, x).item<double>(), std::log(50), 1e-3);
  EXPECT_LT(two_view_information(x, torch::randn({50, 8})).item<double>(), 0.2);
  EXPECT_EQ(two_view_information(torch::ones({50, 3}), torch::ones({50, 3})).item<double>(), 0) << "nothing varies";
  EXPECT_EQ(two_view_information(x.narrow(0, 0, 1), x.narrow(0, 0, 1)).item<double>(), 0);
  EXPECT_THROW(two_view_information(x, x.narrow(0, 0, 9)), ShapeError);
  const Tensor broken = torch::full({5, 2}, NAN);
  EXPECT_FALSE(two_view_information(broken, broken).item<double>() > 0);
}

}  // namespace
}  // namespace infomtl::ops
