#include "infomtl/ops/information/classification.h"

#include <cmath>

#include "infomtl/core/errors.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;
using torch::Tensor;

class Classification : public ::testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(13); }
  Tensor logits_ = (torch::manual_seed(13), 2 * torch::randn({5, 3}, torch::kFloat64));
  Tensor labels_ = torch::tensor(std::vector<int64_t>{2, 0, kUnknownLabel, 1, 2});
};

double probability(const Tensor& logits, int64_t i, int64_t c) {
  double sum = 0;
  for (int64_t k = 0; k < logits.size(1); ++k) sum += std::exp(logits[i][k].item<double>());
  return std::exp(logits[i][c].item<double>()) / sum;
}

TEST_F(Classification, CrossEntropyEqualsItsDefinition) {
  for (const double smoothing : {0.0, 0.1, 0.6}) {
    double expected = 0;
    for (int64_t i = 0; i < 5; ++i) {
      const auto label = labels_[i].item<int64_t>();
      if (label == kUnknownLabel) continue;
      for (int64_t c = 0; c < 3; ++c) {
        expected -= ((c == label ? 1 - smoothing : 0) + smoothing / 3) * std::log(probability(logits_, i, c));
      }
    }
    const LossValue loss = cross_entropy(logits_, labels_, smoothing);
    EXPECT_TRUE(close(loss.sum.item<double>(), expected, 1e-12));
    EXPECT_EQ(loss.count.item<double>(), 4);
    EXPECT_TRUE(
        gradients_match([&](const auto& in) { return cross_entropy(in[0], labels_, smoothing).mean(); }, {logits_}));
  }
}

TEST_F(Classification, BinaryCrossEntropyAndSquaredErrorEqualTheirDefinitions) {
  const Tensor targets = torch::tensor({{1, 0, 1}, {0, 0, 0}, {1, 1, 1}, {0, 1, 0}, {1, 0, 0}}, torch::kInt64);
  double expected = 0;
  for (int64_t i = 0; i < 5; ++i) {
    for (int64_t c = 0; c < 3; ++c) {
      const double p = 1 / (1 + std::exp(-logits_[i][c].item<double>()));
      expected -= std::log(targets[i][c].item<int64_t>() == 1 ? p : 1 - p) / 3;
    }
  }
  const LossValue sets = ops::binary_cross_entropy(logits_, targets);
  EXPECT_TRUE(close(sets.sum.item<double>(), expected, 1e-12));
  EXPECT_EQ(sets.count.item<double>(), 5);
  EXPECT_TRUE(
      gradients_match([&](const auto& in) { return ops::binary_cross_entropy(in[0], targets).mean(); }, {logits_}));
  EXPECT_THROW(ops::binary_cross_entropy(logits_, labels_), ShapeError);

  const Tensor values = logits_.slice(1, 0, 1), wanted = torch::tensor({1.0, -1.0, 0.0, 2.0, 0.5}, torch::kFloat64);
  expected = 0;
  for (int64_t i = 0; i < 5; ++i) expected += std::pow(values[i][0].item<double>() - wanted[i].item<double>(), 2);
  const LossValue value = squared_error(values, wanted);
  EXPECT_TRUE(close(value.sum.item<double>(), expected, 1e-12));
  EXPECT_EQ(value.count.item<double>(), 5);
  EXPECT_TRUE(gradients_match([&](const auto& in) { return squared_error(in[0], wanted).mean(); }, {values.clone()}));
  EXPECT_THROW(squared_error(logits_, wanted), ShapeError);
  EXPECT_THROW(squared_error(values, wanted.unsqueeze(1)), ShapeError);
}

TEST_F(Classification, FocalEqualsItsDefinition) {
  const Tensor weights = torch::tensor({0.5, 2.0, 1.5}, torch::kFloat64);
  for (const double gamma : {0.0, 0.5, 2.0}) {
    double expected = 0, weighted = 0;
    for (int64_t i = 0; i < 5; ++i) {
      const auto label = labels_[i].item<int64_t>();
      if (label == kUnknownLabel) continue;
      const double p = probability(logits_, i, label);
      expected -= std::pow(1 - p, gamma) * std::log(p);
      weighted -= weights[label].item<double>() * std::pow(1 - p, gamma) * std::log(p);
    }
    EXPECT_TRUE(close(focal(logits_, labels_, gamma).sum.item<double>(), expected, 1e-12));
    EXPECT_TRUE(close(focal(logits_, labels_, gamma, weights).sum.item<double>(), weighted, 1e-12));
    EXPECT_EQ(focal(logits_, labels_, gamma, weights).count.item<double>(), 4);
    EXPECT_TRUE(
        gradients_match([&](const auto& in) { return focal(in[0], labels_, gamma, weights).mean(); }, {logits_}));
  }
  EXPECT_TRUE(close(focal(logits_, labels_, 0).sum, cross_entropy(logits_, labels_).sum, 1e-12));
}

TEST_F(Classification, FocalIsFiniteWhereTheAnswerIsCertain) {
  for (const double gamma : {0.25, 1.0, 5.0}) {
    const Tensor certain = torch::tensor({{200.0F, 0.0F}, {-200.0F, 0.0F}}).requires_grad_(true);
    const Tensor sum = focal(certain, torch::tensor({0, 0}), gamma).sum;
    sum.backward();
    EXPECT_TRUE(close(sum.item<double>(), 200, 1e-3));
    EXPECT_TRUE(certain.grad().isfinite().all().item<bool>());
  }
}

TEST_F(Classification, BinaryFocalEqualsItsDefinition) {
  const Tensor targets = torch::tensor({{1, 0, 1}, {0, 0, 1}, {1, 1, 1}, {0, 0, 0}, {1, 0, 0}});
  for (const double alpha : {-1.0, 0.25}) {
    double expected = 0;
    for (int64_t i = 0; i < 5; ++i) {
      for (int64_t c = 0; c < 3; ++c) {
        const bool yes = targets[i][c].item<int64_t>() == 1;
        double p = 1 / (1 + std::exp(-logits_[i][c].item<double>()));
        if (!yes) p = 1 - p;
        expected -= (alpha < 0 ? 1 : yes ? alpha : 1 - alpha) * std::pow(1 - p, 2) * std::log(p);
      }
    }
    EXPECT_TRUE(close(focal_binary(logits_, targets, 2, alpha).sum.item<double>(), expected, 1e-12));
    EXPECT_TRUE(
        gradients_match([&](const auto& in) { return focal_binary(in[0], targets, 2, alpha).mean(); }, {logits_}));
  }
  EXPECT_EQ(focal_binary(logits_, targets).count.item<double>(), 15);
  EXPECT_TRUE(close(
      focal_binary(logits_, targets, 0).sum,
      at::binary_cross_entropy_with_logits(logits_, targets.to(torch::kFloat64), {}, {}, at::Reduction::Sum), 1e-12));
}
TEST_F(Classification, BatchEntropyIsThatOfTheMeanLogits) {
  for (const int64_t c : {2, 6}) {
    const Tensor opposite = torch::randn({1, c}, torch::kFloat64);
    const Tensor balanced = torch::cat({opposite, -opposite});
    EXPECT_TRUE(close(batch_entropy(balanced).mean().item<double>(), -std::log(static_cast<double>(c)), 1e-12));
  }
  const Tensor p = logits_.mean(0).softmax(0);
  EXPECT_TRUE(close(batch_entropy(logits_).mean(), (p * p.log()).sum(), 1e-12));
  EXPECT_TRUE(close(batch_entropy(torch::tensor({{1e4, 0.0, 0.0}})).mean().item<double>(), 0, 1e-12));
  EXPECT_EQ(batch_entropy(logits_).count.item<double>(), 5);
  EXPECT_TRUE(gradients_match([](const auto& in) { return batch_entropy(in[0]).mean(); }, {logits_}));
}

TEST_F(Classification, SymmetricKlEqualsItsDefinition) {
  const Tensor other = torch::randn({5, 3}, torch::kFloat64);
  double expected = 0;
  for (int64_t i = 0; i < 5; ++i) {
    for (int64_t c = 0; c < 3; ++c) {
      const double p = probability(logits_, i, c), q = probability(other, i, c);
      expected += 0.5 * (p * std::log(p / q) + q * std::log(q / p));
    }
  }
  EXPECT_TRUE(close(symmetric_kl(logits_, other).sum.item<double>(), expected, 1e-12));
  EXPECT_TRUE(close(symmetric_kl(other, logits_).sum, symmetric_kl(logits_, other).sum, 1e-12));
  EXPECT_EQ(symmetric_kl(logits_, logits_ + 3).sum.abs().item<double>() < 1e-12, true);
  EXPECT_TRUE(gradients_match([](const auto& in) { return symmetric_kl(in[0], in[1]).mean(); }, {logits_, other}));
  const Tensor far = torch::tensor({{1e4F, 0.0F}});
  EXPECT_TRUE(close(symmetric_kl(far, -far).sum.item<double>(), 1e4, 1));
}

TEST_F(Classification, RowsLeftOutTakeNoGradientAndMayBeAll) {
  const Tensor leaf = logits_.clone().requires_grad_(true);
  (cross_entropy(leaf, labels_).sum + focal(leaf, labels_).sum).backward();
  EXPECT_TRUE(close(leaf.grad()[2], torch::zeros({3}), 0));
  const Tensor none = torch::full({5}, kUnknownLabel);
  EXPECT_EQ(cross_entropy(logits_, none).sum.item<double>(), 0);
  EXPECT_EQ(focal(logits_, none).sum.item<double>(), 0);
  EXPECT_EQ(cross_entropy(logits_, none).count.item<double>(), 0);
}

TEST_F(Classification, NanAndBadArgumentsAreNotSwallowed) {
  Tensor broken = logits_.clone();
  broken[0][1] = NAN;
  EXPECT_TRUE(cross_entropy(broken, labels_).sum.isnan().item<bool>());
  EXPECT_TRUE(focal(broken, labels_, 0.5).sum.isnan().item<bool>());
  EXPECT_TRUE(batch_entropy(broken).sum.isnan().item<bool>());
  EXPECT_TRUE(symmetric_kl(broken, logits_).sum.isnan().item<bool>());
  EXPECT_THROW(cross_entropy(logits_, labels_ + 1), ShapeError);
  EXPECT_THROW(cross_entropy(logits_, labels_.narrow(0, 0, 3)), ShapeError);
  EXPECT_THROW(cross_entropy(torch::zeros({0, 3}), torch::zeros({0}, torch::kInt64)), ShapeError);
  EXPECT_THROW(cross_entropy(logits_, labels_, 1.0), ConfigError);
  EXPECT_THROW(focal(logits_, labels_, -1.0), ConfigError);
  EXPECT_THROW(focal(logits_, labels_, 1.0, torch::ones({2})), ShapeError);
  EXPECT_THROW(focal_binary(logits_, torch::zeros({5, 2})), ShapeError);
  EXPECT_THROW(batch_entropy(torch::zeros({3})), ShapeError);
  EXPECT_THROW(symmetric_kl(logits_, torch::zeros({5, 2})), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
