#include "infomtl/ops/information/class_weights.h"

#include <cmath>
#include <numeric>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/classification.h"
#include "support/compare.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;
using torch::Tensor;

TEST(ClassWeights, BalancedIsRowsOverClassesTimesRowsOfTheClass) {
  // scikit-learn 1.9.1: compute_class_weight("balanced", classes=[0, 1, 2], y=[0] * 7 + [1] * 2 + [2])
  const std::vector<double> found = balanced_weights({7, 2, 1});
  EXPECT_TRUE(close(found[0], 0.47619047619047616, 1e-15));
  EXPECT_TRUE(close(found[1], 1.6666666666666667, 1e-15));
  EXPECT_TRUE(close(found[2], 3.3333333333333335, 1e-15));
  EXPECT_EQ(balanced_weights({6, 0, 2}), (std::vector<double>{8.0 / 12, 1, 2})) << "two of the classes occur";
}

TEST(ClassWeights, EffectiveNumbersEqualTheirDefinitionAndSumToTheClasses) {
  const std::vector<std::int64_t> counts = {500, 20, 3};
  const double beta = 0.99;
  std::vector<double> expected;
  for (const std::int64_t count : counts) expected.push_back((1 - beta) / (1 - std::pow(beta, count)));
  const double sum = std::accumulate(expected.begin(), expected.end(), 0.0);
  const std::vector<double> found = effective_number_weights(counts, beta);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_TRUE(close(found[c], 3 * expected[c] / sum, 1e-13));
  EXPECT_TRUE(close(std::accumulate(found.begin(), found.end(), 0.0), 3.0, 1e-14));
  EXPECT_EQ(effective_number_weights({9, 1, 4}, 0), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(effective_number_weights({9, 0}, 0.9)[1], 1) << "a class that does not occur";
}

TEST(ClassWeights, NearOneEffectiveNumbersAreInverseCounts) {
  const std::vector<double> found = effective_number_weights({40, 10}, 1 - 1e-13);
  EXPECT_TRUE(close(found[0], 0.4, 1e-9));
  EXPECT_TRUE(close(found[1], 1.6, 1e-9));
  EXPECT_THROW(effective_number_weights({1, 2}, 1.0), ConfigError);
  EXPECT_THROW(effective_number_weights({1, 2}, NAN), ConfigError);
}

class WeightedLosses : public ::testing::Test {
 protected:
  Tensor logits_ = (torch::manual_seed(5), 2 * torch::randn({5, 3}, torch::kFloat64));
  Tensor labels_ = torch::tensor(std::vector<int64_t>{2, 0, kUnknownLabel, 1, 2});
  Tensor weights_ = torch::tensor({0.5, 2.0, 3.0}, torch::kFloat64);
};

TEST_F(WeightedLosses, CrossEntropyWeighsTheTargetMassOfEachClass) {
  const Tensor log_p = logits_.log_softmax(1);
  for (const double smoothing : {0.0, 0.3}) {
    double expected = 0;
    for (int64_t i = 0; i < 5; ++i) {
      const auto label = labels_[i].item<int64_t>();
      if (label == kUnknownLabel) continue;
      for (int64_t c = 0; c < 3; ++c) {
        const double mass = (c == label ? 1 - smoothing : 0) + smoothing / 3;
        expected -= weights_[c].item<double>() * mass * log_p[i][c].item<double>();
      }
    }
    const LossValue loss = cross_entropy(logits_, labels_, smoothing, weights_);
    EXPECT_TRUE(close(loss.sum.item<double>(), expected, 1e-12)) << smoothing;
    EXPECT_EQ(loss.count.item<double>(), 4) << "items, not weights";
    EXPECT_TRUE(gradients_match([&](const auto& in) { return cross_entropy(in[0], labels_, smoothing, weights_).sum; },
                                {logits_}));
  }
}

TEST_F(WeightedLosses, BinaryCrossEntropyWeighsWhatIsThere) {
  const Tensor targets = torch::tensor({1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0}, torch::kFloat64).view({5, 3});
  const Tensor present = logits_.sigmoid().log(), absent = (-logits_).sigmoid().log();
  const Tensor expected = -(weights_ * targets * present + (1 - targets) * absent).mean(1).sum();
  EXPECT_TRUE(
      close(binary_cross_entropy(logits_, targets, weights_).sum.item<double>(), expected.item<double>(), 1e-12));
  EXPECT_TRUE(
      gradients_match([&](const auto& in) { return binary_cross_entropy(in[0], targets, weights_).sum; }, {logits_}));
}

TEST_F(WeightedLosses, OnesChangeNothingAndOtherCountsAreRefused) {
  const Tensor ones = torch::ones({3});
  EXPECT_TRUE(at::equal(cross_entropy(logits_, labels_, 0.1, ones).sum, cross_entropy(logits_, labels_, 0.1).sum));
  EXPECT_THROW(cross_entropy(logits_, labels_, 0, torch::ones({2})), ShapeError);
  EXPECT_THROW(binary_cross_entropy(logits_, torch::ones({5, 3}), torch::ones({4})), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
