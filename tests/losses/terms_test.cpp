#include <gtest/gtest.h>

#include "infomtl/core/errors.h"
#include "infomtl/losses/shared_information_maximization.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/losses/task_information_minimization.h"
#include "support/compare.h"
#include "support/fixed_task_step.h"

namespace infomtl {
namespace {

using testing::close;
using testing::fixed_step;

TEST(Supervised, SumsCrossEntropyOverRows) {
  auto step = fixed_step(TaskKind::classification, torch::tensor({0, 2}));
  step.predictions = {{.output = torch::zeros({2, 3}), .mean = {}, .log_variance = {}}};
  const LossValue value = Supervised().compute(step);
  EXPECT_TRUE(close(value.sum.item<double>(), 2 * std::log(3.0), 1e-6));
  EXPECT_EQ(value.count.item<double>(), 2);
}

TEST(Supervised, MultiLabelAveragesOverClassesAndRegressionSquares) {
  auto labels = fixed_step(TaskKind::multi_label, torch::tensor({{1.0f, 0.0f, 0.0f}}));
  labels.predictions = {{.output = torch::zeros({1, 3}), .mean = {}, .log_variance = {}}};
  EXPECT_TRUE(close(Supervised().compute(labels).sum.item<double>(), std::log(2.0), 1e-6));
  auto value = fixed_step(TaskKind::regression, torch::tensor({1.0f, -1.0f}));
  value.predictions = {{.output = torch::tensor({{3.0f}, {-1.0f}}), .mean = {}, .log_variance = {}}};
  EXPECT_TRUE(close(Supervised().compute(value).sum.item<double>(), 4.0, 1e-6));
}

TEST(Supervised, TaggingRowsWithoutWordsGiveZeroAndAGradient) {
  auto step = fixed_step(TaskKind::tagging, torch::zeros({0}, torch::kInt64));
  const Tensor output = torch::zeros({0, 3}).requires_grad_(true);
  step.predictions = {{.output = output, .mean = {}, .log_variance = {}}};
  const LossValue value = Supervised().compute(step);
  EXPECT_EQ(value.sum.item<double>(), 0);
  EXPECT_EQ(value.count.item<double>(), 0);
}

TEST(Supervised, ALabelBeyondTheClassesIsNamed) {
  auto step = fixed_step(TaskKind::classification, torch::tensor({0, 3}));
  step.predictions = {{.output = torch::zeros({2, 3}), .mean = {}, .log_variance = {}}};
  EXPECT_THROW(Supervised().compute(step), ShapeError);
}

TEST(Simax, OrthonormalViews) {  // PT-1.2
  auto step = fixed_step(TaskKind::classification, torch::zeros({8}, torch::kInt64));
  step.shared_views = {torch::eye(8, 16), torch::eye(8, 16)};
  const LossValue value = SharedInformationMaximization({.temperature = 0.1}).compute(step);
  EXPECT_TRUE(close(value.mean().item<double>(), 3.17749e-4, 1e-6));
}

TEST(Simax, RowsOfEqualTextCanBeLeftOutOfTheNegatives) {
  auto step = fixed_step(TaskKind::classification, torch::zeros({4}, torch::kInt64));
  step.shared_views = {torch::eye(4), torch::eye(4)};
  step.batch_.texts = torch::tensor({7, 7, 8, 9}, torch::kInt64);
  step.siblings = {&step};
  const double three = std::log1p(3 * std::exp(-10.0)), two = std::log1p(2 * std::exp(-10.0));
  SharedInformationMaximization all({.temperature = 0.1});
  EXPECT_TRUE(close(all.compute(step).sum.item<double>(), 4 * three, 1e-6));
  for (const char* const scope : {"task", "batch"}) {
    SharedInformationMaximization others({.temperature = 0.1, .scope = scope, .repeats = "ignored"});
    EXPECT_TRUE(close(others.compute(step).sum.item<double>(), 2 * three + 2 * two, 1e-6)) << scope;
  }
  EXPECT_THROW(SharedInformationMaximization({.repeats = "ignored", .bound = "nwj"}), ConfigError);
}

TEST(Simax, BatchScopeTakesNegativesFromAllTasks) {
  auto first = fixed_step(TaskKind::classification, torch::zeros({4}, torch::kInt64));
  auto second = fixed_step(TaskKind::classification, torch::zeros({4}, torch::kInt64));
  second.index = 1;
  const Tensor eye = torch::eye(8);
  first.shared_views = {eye.slice(0, 0, 4), eye.slice(0, 0, 4)};
  second.shared_views = {eye.slice(0, 4, 8), eye.slice(0, 4, 8)};
  first.siblings = second.siblings = {&first, &second};
  SharedInformationMaximization union_of_tasks({.temperature = 0.1, .scope = "batch"});
  const double expected = std::log1p(7 * std::exp(-10.0));
  EXPECT_TRUE(close(union_of_tasks.compute(first).mean().item<double>(), expected, 1e-6));
  EXPECT_TRUE(close(union_of_tasks.compute(second).mean().item<double>(), expected, 1e-6));
  SharedInformationMaximization own({.temperature = 0.1});
  EXPECT_TRUE(close(own.compute(second).mean().item<double>(), std::log1p(3 * std::exp(-10.0)), 1e-6));
}

TEST(Timin, ReductionsOfAKnownDivergence) {  // PT-1.5, PT-1.7
  auto step = fixed_step(TaskKind::classification, torch::tensor({1, 1, 1}));
  step.predictions = {{.output = {}, .mean = torch::ones({3, 2}), .log_variance = torch::zeros({3, 2})}};
  const auto value = [&](const char* reduction) {
    return TaskInformationMinimization({.reduction = reduction}).compute(step).mean().item<double>();
  };
  EXPECT_TRUE(close(value("mean"), 0.5, 1e-6));
  EXPECT_TRUE(close(value("sum"), 1.0, 1e-6));
  EXPECT_TRUE(close(value("spc"), 0.5, 1e-6));
  step.batch_.labels = torch::tensor({0, 1, 2});
  EXPECT_TRUE(close(value("spc"), 1.5, 1e-6));
}

TEST(Timin, APlainHeadIsAnError) {
  auto step = fixed_step(TaskKind::classification, torch::tensor({1}));
  step.predictions = {{.output = torch::zeros({1, 3}), .mean = {}, .log_variance = {}}};
  EXPECT_THROW(TaskInformationMinimization().compute(step), StateError);
}

}  // namespace
}  // namespace infomtl
