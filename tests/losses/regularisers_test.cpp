#include <gtest/gtest.h>

#include <cmath>

#include "infomtl/losses/batch_entropy.h"
#include "infomtl/losses/focal.h"
#include "infomtl/losses/r_drop.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/losses/supervised_contrastive.h"
#include "infomtl/ops/information/contrastive.h"
#include "losses/term_cases.h"

namespace infomtl {
namespace {

using testing::close;
using testing::fixed_step;
using testing::random_rows;
using testing::term_of;
using testing::viewed_step;

Prediction logits(const Tensor& output) { return {.output = output, .mean = {}, .log_variance = {}}; }

const Tensor kLogits = random_rows(1, 4, 3), kOthers = random_rows(2, 4, 3);
const Tensor kLabels = torch::tensor({0, 2, 1, 2});
const Tensor kNoLabels = torch::zeros({0}, torch::kInt64);

TEST(BatchEntropy, IsMinusTheEntropyOfTheMeanPrediction) {  // PT-1.8
  auto step = fixed_step(TaskKind::classification, kLabels);
  step.predictions = {logits(kLogits - kLogits.mean(0, true))};
  EXPECT_TRUE(close(BatchEntropy().compute(step).mean().item<double>(), -std::log(3.0), 1e-12));
  // Certain and different: the mean of softmaxes would be spread, and so is the softmax of the mean.
  step.predictions = {logits(20 * torch::eye(3, torch::kFloat64).index_select(0, torch::tensor({0, 0, 0, 0})))};
  EXPECT_TRUE(close(BatchEntropy().compute(step).mean().item<double>(), 0, 1e-6));
  step.predictions = {logits(kLogits)};
  const Tensor p = kLogits.mean(0).softmax(0);
  const LossValue value = BatchEntropy().compute(step);
  EXPECT_TRUE(close(value.mean(), (p * p.log()).sum(), 1e-12));
  EXPECT_EQ(value.count.item<double>(), 4);
}

TEST(BatchEntropy, ReadsTheMeanOfAGaussianHead) {
  auto step = fixed_step(TaskKind::classification, kLabels);
  step.predictions = {{.output = kOthers, .mean = kLogits, .log_variance = kOthers}};
  const Tensor p = kLogits.mean(0).softmax(0);
  EXPECT_TRUE(close(BatchEntropy().compute(step).mean(), (p * p.log()).sum(), 1e-12));
  EXPECT_TRUE(testing::gradients_match(
      [&](const std::vector<Tensor>& in) {
        auto with = fixed_step(TaskKind::classification, kLabels);
        with.predictions = {logits(in[0])};
        return BatchEntropy().compute(with).sum;
      },
      {kLogits}));
}

TEST(RDrop, IsTheSymmetricDivergenceOfBothViews) {
  auto step = fixed_step(TaskKind::classification, kLabels);
  step.predictions = {logits(kLogits), logits(kOthers)};
  const Tensor p = kLogits.softmax(1), q = kOthers.softmax(1);
  const Tensor expected = 0.5 * ((p * (p / q).log()).sum() + (q * (q / p).log()).sum());
  const LossValue value = RDrop().compute(step);
  EXPECT_TRUE(close(value.sum, expected, 1e-12));
  EXPECT_EQ(value.count.item<double>(), 4);
  EXPECT_EQ(RDrop().needs().views, 2);
  step.predictions = {logits(kLogits), logits(kLogits + 3)};
  EXPECT_TRUE(close(RDrop().compute(step).sum.item<double>(), 0, 1e-12)) << "equal predictions";
  EXPECT_TRUE(testing::gradients_match(
      [&](const std::vector<Tensor>& in) {
        auto with = fixed_step(TaskKind::classification, kLabels);
        with.predictions = {logits(in[0]), {.output = kLogits, .mean = in[1], .log_variance = kLogits}};
        return RDrop().compute(with).sum;
      },
      {kLogits, kOthers}));
}

TEST(SupervisedContrastive, CountsRowsThatHaveAnother) {
  const Tensor rows = random_rows(3, 6);
  auto step = viewed_step(rows, random_rows(4, 6));
  const SupervisedContrastive::Settings two_views{.temperature = 0.5, .views = 2};
  SupervisedContrastive one({.temperature = 0.5}), two(two_views);
  const auto counted = [&](SupervisedContrastive& term, const Tensor& labels) {
    step.batch_.labels = labels;
    const LossValue value = term.compute(step);
    EXPECT_EQ(value.count.item<std::int64_t>(), term.count(step.batch()));
    return value;
  };
  const Tensor labels = torch::tensor({0, 1, 0, 2, 1, 0});
  EXPECT_TRUE(close(counted(one, labels).sum, ops::supervised_contrastive(rows, labels, 0.5).sum, 1e-12));
  EXPECT_EQ(one.count(step.batch()), 5);
  EXPECT_TRUE(close(counted(two, labels).sum,
                    ops::supervised_contrastive(at::cat({rows, step.shared_views[1]}), labels.repeat({2}), 0.5).sum,
                    1e-12));
  EXPECT_EQ(two.count(step.batch()), 12);

  // Rows of an unknown label are not a class of their own: what is left is a batch without them.
  const LossValue left = counted(one, torch::tensor({0, -100, 0, 2, -100, 2}));
  const Tensor kept = torch::tensor({0, 2, 3, 5});
  EXPECT_TRUE(close(
      left.sum, ops::supervised_contrastive(rows.index_select(0, kept), torch::tensor({0, 0, 2, 2}), 0.5).sum, 1e-12));
  EXPECT_EQ(left.count.item<double>(), 4);
}

TEST(SupervisedContrastive, NoPairMeansNoCountAndAWayBack) {
  for (const Tensor& labels : {torch::tensor({0, 1, 2}), torch::tensor({1}), torch::tensor({-100, -100}), kNoLabels}) {
    const Tensor rows = random_rows(3, labels.size(0)).requires_grad_(true);
    auto step = viewed_step(rows, rows);
    step.batch_.labels = labels;
    SupervisedContrastive term;
    const LossValue value = term.compute(step);
    EXPECT_EQ(value.sum.item<double>(), 0) << labels;
    EXPECT_EQ(value.count.item<double>(), 0) << labels;
    EXPECT_EQ(term.count(step.batch()), 0) << labels;
    value.sum.backward();
    EXPECT_TRUE(close(rows.grad(), torch::zeros_like(rows), 0)) << labels;
  }
}

TEST(SupervisedContrastive, GradientsReachBothViews) {
  EXPECT_TRUE(testing::gradients_match(
      [&](const std::vector<Tensor>& in) {
        auto step = viewed_step(in[0], in[1]);
        step.batch_.labels = torch::tensor({0, 1, 0, -100, 1});
        return SupervisedContrastive({.views = 2}).compute(step).sum;
      },
      {random_rows(5, 5), random_rows(6, 5)}));
}

TEST(Focal, IsCrossEntropyForGammaZeroAndLessElse) {
  auto step = fixed_step(TaskKind::classification, kLabels);
  step.predictions = {logits(kLogits)};
  const Tensor plain = Supervised().compute(step).sum;
  EXPECT_TRUE(close(FocalLoss({.gamma = 0}).compute(step).sum, plain, 1e-12));
  const Tensor log_p = kLogits.log_softmax(1).gather(1, kLabels.unsqueeze(1));
  const LossValue value = FocalLoss().compute(step);
  EXPECT_TRUE(close(value.sum, -((1 - log_p.exp()).square() * log_p).sum(), 1e-12));
  EXPECT_EQ(value.count.item<double>(), 4);

  const Tensor sets = torch::tensor({{1.0, 0.0, 1.0}, {0.0, 0.0, 0.0}, {1.0, 1.0, 1.0}, {0.0, 1.0, 0.0}});
  auto many = fixed_step(TaskKind::multi_label, sets);
  many.predictions = {logits(kLogits)};
  EXPECT_TRUE(close(FocalLoss({.gamma = 0}).compute(many).sum, Supervised().compute(many).sum, 1e-12));
  EXPECT_EQ(FocalLoss().compute(many).count.item<double>(), 4);
  EXPECT_LT(FocalLoss({.alpha = 0.25}).compute(many).sum.item<double>(), FocalLoss().compute(many).sum.item<double>());
}

TEST(Items, OfAnUnknownLabelAreNotCounted) {
  const Tensor labels = torch::tensor({0, -100, 1, -100}), rest = torch::tensor({0, 2});
  for (const TaskKind kind : {TaskKind::classification, TaskKind::tagging}) {
    for (const Json& config : {Json{{"name", "supervised"}}, Json{{"name", "supervised"}, {"label_smoothing", 0.2}},
                               Json{{"name", "focal"}}}) {
      const auto term = term_of(config);
      auto step = fixed_step(kind, labels), without = fixed_step(kind, torch::tensor({0, 1}));
      step.predictions = {logits(kLogits)};
      without.predictions = {logits(kLogits.index_select(0, rest))};
      const LossValue value = term->compute(step);
      EXPECT_TRUE(close(value.sum, term->compute(without).sum, 1e-12)) << config.dump();
      EXPECT_EQ(value.count.item<double>(), 2) << config.dump();
      EXPECT_EQ(term->count(step.batch()), 2) << config.dump();
    }
  }
}

TEST(Items, NoneGiveZeroAndAWayBack) {
  for (const char* name : {"supervised", "focal", "batch_entropy", "r_drop"}) {
    const auto term = term_of({{"name", name}});
    const Tensor output = torch::zeros({0, 3}, torch::TensorOptions().requires_grad(true));
    auto step = fixed_step(TaskKind::tagging, kNoLabels);
    step.predictions = {logits(output), logits(output)};
    const LossValue value = term->compute(step);
    EXPECT_EQ(value.sum.item<double>(), 0) << name;
    EXPECT_EQ(value.count.item<double>(), 0) << name;
    EXPECT_EQ(term->count(step.batch()), 0) << name;
    value.sum.backward();
    EXPECT_TRUE(output.grad().defined()) << name;
  }
}

TEST(Supervised, AveragesViewsInTrainingOnly) {
  auto step = fixed_step(TaskKind::classification, kLabels);
  step.predictions = {logits(kLogits), logits(kOthers)};
  auto other = fixed_step(TaskKind::classification, kLabels);
  other.predictions = {logits(kOthers)};
  Supervised both({.views = 2});
  const Tensor first = Supervised().compute(step).sum, second = Supervised().compute(other).sum;
  EXPECT_TRUE(close(both.compute(step).sum, (first + second) / 2, 1e-12));
  EXPECT_EQ(both.needs().views, 2);
  step.training_ = false;
  EXPECT_TRUE(at::equal(both.compute(step).sum, first));
}

TEST(Terms, KnowTheKindsOfLabelTheyAreDefinedFor) {
  const auto kinds = [](const char* name) {
    std::string found;
    for (const auto& [kind, letter] : {std::pair{TaskKind::classification, 's'}, std::pair{TaskKind::multi_label, 'm'},
                                       std::pair{TaskKind::regression, 'v'}, std::pair{TaskKind::tagging, 't'}}) {
      Task task;
      task.kind = kind;
      if (term_of({{"name", name}})->applies_to(task)) found += letter;
    }
    return found;
  };
  EXPECT_EQ(kinds("supervised"), "smvt");
  EXPECT_EQ(kinds("focal"), "smt");
  EXPECT_EQ(kinds("batch_entropy"), "st");
  EXPECT_EQ(kinds("r_drop"), "st");
  EXPECT_EQ(kinds("feedback_convergence"), "smvt");
  EXPECT_EQ(kinds("supervised_contrastive"), "s");
  EXPECT_EQ(kinds("adversarial"), "smvt");
  EXPECT_EQ(kinds("adversarial_parameters"), "smvt");
}

}  // namespace
}  // namespace infomtl
