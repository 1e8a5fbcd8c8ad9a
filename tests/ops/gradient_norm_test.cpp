#include "infomtl/ops/gradient_norm.h"

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/classification.h"
#include "support/gradcheck.h"
#include "support/normal.h"

namespace infomtl::ops {
namespace {

using testing::close;
using testing::gradients_match;
using testing::normal;
using torch::Tensor;

Tensor float64_normal(at::IntArrayRef shape, std::uint64_t seed) { return normal(shape, seed).to(torch::kFloat64); }
Tensor leaf(at::IntArrayRef shape, std::uint64_t seed) { return float64_normal(shape, seed).requires_grad_(true); }

/// A classifier of one hidden layer, whose loss bends in its parameters.
struct Classifier {
  Tensor hidden = leaf({5, 4}, 1), weight = leaf({3, 5}, 2), bias = leaf({3}, 3);
  Tensor labels = torch::tensor({0, 2, 1, 1, 0, 2});

  std::vector<Tensor> parameters() const { return {hidden, weight, bias}; }
  Tensor loss(const Tensor& rows) const {
    const Tensor logits = at::linear(at::tanh(at::linear(rows, hidden)), weight, bias);
    return cross_entropy(logits, labels).mean();
  }
};

TEST(GradientNorm, OfOneSampleAndASquaredErrorIsAClosedForm) {  // PT-4.1
  const Tensor w = leaf({3, 4}, 1), y = float64_normal({3, 1}, 2), z = leaf({4, 1}, 3);
  const Tensor r = w.mm(z) - y;
  const Tensor found = squared_gradient_norm(0.5 * r.square().sum(), {w});
  const Tensor rr = r.square().sum(), zz = z.square().sum();
  EXPECT_TRUE(close(found, rr * zz, 0, 1e-13));
  const Tensor slope = torch::autograd::grad({found}, {z})[0];
  EXPECT_TRUE(close(slope, 2 * zz * w.t().mm(r) + 2 * rr * z, 0, 1e-13));
}

TEST(GradientNorm, OfALinearClassifierIsAClosedForm) {  // PT-4.5
  const Tensor w = leaf({3, 4}, 1), b = leaf({3}, 2), z = leaf({6, 4}, 3);
  const Tensor labels = torch::tensor({0, 2, 1, 1, 0, 2});
  const Tensor logits = at::linear(z, w, b);
  const Tensor e = at::softmax(logits, 1) - at::one_hot(labels, 3).to(torch::kFloat64);
  const Tensor errors = e.mm(e.t());
  const Tensor expected = (errors * z.mm(z.t())).sum() / 36 + errors.sum() / 36;
  const Tensor found = squared_gradient_norm(cross_entropy(logits, labels).mean(), {w, b});
  EXPECT_TRUE(close(found, expected, 0, 1e-12));
  const Tensor slope = torch::autograd::grad({found}, {z}, {}, /*retain_graph=*/true)[0];
  EXPECT_TRUE(close(slope, torch::autograd::grad({expected}, {z})[0], 0, 1e-11));
}

TEST(GradientNorm, ItsGradientInTheRowsIsThatOfCentralDifferences) {
  const Classifier classifier;
  EXPECT_TRUE(gradients_match(
      [&](const std::vector<Tensor>& inputs) {
        const torch::AutoGradMode graph(true);
        return squared_gradient_norm(classifier.loss(inputs[0]), classifier.parameters());
      },
      {float64_normal({6, 4}, 4)}, 1e-7));
}

TEST(GradientNorm, TheDifferenceAgreesWithTheExactOne) {  // PT-4.2
  const Classifier classifier;
  const Tensor z = leaf({6, 4}, 4);
  const Tensor exact = squared_gradient_norm(classifier.loss(z), classifier.parameters());
  const Tensor slope = torch::autograd::grad({exact}, {z})[0];
  const auto estimate = [&](double epsilon) {
    return squared_gradient_norm_by_difference([&](const Tensor& rows) { return classifier.loss(rows); }, z,
                                               classifier.parameters(), epsilon);
  };
  const GradientNormEstimate found = estimate(1e-4), coarse = estimate(1e-2);
  EXPECT_FALSE(found.value.requires_grad() || found.gradient.requires_grad());
  EXPECT_TRUE(close(found.value, exact, 0, 1e-3));
  EXPECT_LT((found.gradient - slope).norm().item<double>(), 1e-3 * slope.norm().item<double>());
  // To the first order of epsilon: a hundred times the step, about a hundred times the error.
  const double ratio = (coarse.gradient - slope).norm().item<double>() / (found.gradient - slope).norm().item<double>();
  EXPECT_GT(ratio, 30);
  EXPECT_LT(ratio, 300);
}

TEST(GradientNorm, TheDifferenceLeavesTheParametersAsTheyWere) {
  const Classifier classifier;
  std::vector<Tensor> before;
  for (const Tensor& parameter : classifier.parameters()) before.push_back(parameter.detach().clone());
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    squared_gradient_norm_by_difference([&](const Tensor& rows) { return classifier.loss(rows); },
                                        float64_normal({6, 4}, seed), classifier.parameters(), 1e-3);
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(at::equal(classifier.parameters()[i], before[i]));
    EXPECT_FALSE(classifier.parameters()[i].grad().defined());
  }
}

TEST(GradientNorm, NothingToFollowIsZeroAndFinite) {
  // A prediction that is right: the gradient is zero, and so is the step.
  const Tensor w = torch::eye(3, torch::kFloat64).requires_grad_(true), z = leaf({2, 3}, 1), y = z.detach().clone();
  const auto loss = [&](const Tensor& rows) { return (rows.mm(w) - y).square().sum(); };
  const Tensor exact = squared_gradient_norm(loss(z), {w});
  EXPECT_EQ(exact.item<double>(), 0);
  EXPECT_TRUE(close(torch::autograd::grad({exact}, {z})[0], torch::zeros_like(z), 0));
  const GradientNormEstimate found = squared_gradient_norm_by_difference(loss, z, {w}, 1e-3);
  EXPECT_EQ(found.value.item<double>(), 0);
  EXPECT_TRUE(close(found.gradient, torch::zeros_like(z), 0));
  // A parameter that the loss does not read; none at all; a loss of several numbers.
  const Tensor unread = leaf({2}, 5), r = z.mm(w).square().sum();
  EXPECT_TRUE(at::equal(squared_gradient_norm(r, {w, unread}), squared_gradient_norm(r, {w})));
  EXPECT_EQ(squared_gradient_norm(r, {unread}).item<double>(), 0);
  EXPECT_EQ(squared_gradient_norm(r, {}).item<double>(), 0);
  EXPECT_THROW(squared_gradient_norm(z.mm(w), {w}), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
