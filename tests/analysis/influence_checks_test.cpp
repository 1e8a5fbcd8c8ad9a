#include "infomtl/analysis/influence_checks.h"

#include <cmath>
#include <optional>

#include "analysis/influence_cases.h"
#include "infomtl/core/errors.h"
#include "support/compare.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

InfluenceSettings checked_settings(const std::string& shared, const std::string& sharing) {
  InfluenceSettings settings;
  settings.shared = shared;
  settings.sharing = sharing;
  settings.ridge = 0.05;
  return settings;
}

TEST(LeaveOneOut, ConvexInfluencesAreNearRetraining) {
  const std::vector<InfluenceTask> tasks = testing::influence_tasks();
  for (const auto& [shared, sharing] : {std::pair{"common", "hard"}, {"none", "soft"}}) {
    const InfluenceSettings settings = checked_settings(shared, sharing);
    const LeaveOneOutCheck found = leave_one_out(tasks, settings, influence_of(tasks, settings), 45);
    EXPECT_EQ(found.rows, 45);
    EXPECT_EQ(found.short_of, 0);
    EXPECT_GT(found.within, 0.9) << shared << " " << found.pearson;
    EXPECT_GT(found.between, 0.9) << shared << " " << found.pearson;
  }
}

TEST(LeaveOneOut, TheHessianOfAnAdapterIsNearRetraining) {
  const std::vector<InfluenceTask> tasks = testing::influence_tasks();
  const InfluenceSettings settings = checked_settings("adapter:3", "hard");
  const LeaveOneOutCheck found = leave_one_out(tasks, settings, influence_of(tasks, settings), 45);
  EXPECT_GT(found.within, 0.8) << found.pearson;
  EXPECT_GT(found.between, 0.7) << found.pearson;
}

TEST(LeaveOneOut, NothingSharedHasNoCorrelationBetweenTasks) {
  const std::vector<InfluenceTask> tasks = testing::influence_tasks();
  const InfluenceSettings settings = checked_settings("none", "hard");
  const LeaveOneOutCheck found = leave_one_out(tasks, settings, influence_of(tasks, settings), 45);
  EXPECT_GT(found.within, 0.85);
  EXPECT_TRUE(std::isnan(found.between));
}

TEST(SubsetScores, PutInfluenceAboveItsBaselines) {
  const std::vector<InfluenceTask> tasks = testing::influence_tasks();
  const InfluenceSettings settings = checked_settings("common", "hard");
  const auto found = subset_scores(tasks, settings, influence_of(tasks, settings), 40);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].method, "explicit");
  EXPECT_EQ(found[1].method, "gradient_product");
  EXPECT_EQ(found[2].method, "random");
  EXPECT_GT(found[0].mean, 0.4);
  EXPECT_GT(found[0].mean, found[2].mean + 0.2);
  ASSERT_EQ(found[0].scores.size(), 3U);
}

// Broken off and gone on with, or asked of another backend: the same halves are not trained on again.
TEST(SubsetScores, KeepWhatTheyMeasured) {
  const std::vector<InfluenceTask> tasks = testing::influence_tasks();
  InfluenceSettings settings = checked_settings("common", "hard");
  std::optional<torch::Tensor> kept;
  std::int64_t trained = 0;
  const InfluenceHooks hooks{.progress = [&](const std::string&) { ++trained; },
                             .kept = [&](const std::string&) { return kept; },
                             .keep = [&](const std::string&, const torch::Tensor& losses) { kept = losses; }};
  subset_scores(tasks, settings, influence_of(tasks, settings), 3, hooks);
  EXPECT_EQ(trained, 3);
  settings.backend = "cg";
  const InfluenceResult other = influence_of(tasks, settings);
  const auto went_on = subset_scores(tasks, settings, other, 5, hooks);
  EXPECT_EQ(trained, 5);
  const auto at_once = subset_scores(tasks, settings, other, 5);
  for (std::size_t i = 0; i < at_once.size(); ++i) EXPECT_EQ(went_on[i].scores, at_once[i].scores);
  subset_scores(tasks, settings, other, 4, hooks);
  EXPECT_EQ(trained, 5);
  EXPECT_EQ(kept->sizes(), (std::vector<std::int64_t>{5, 3}));
}

TEST(MislabelScores, FlippedLabelsAreFound) {
  std::vector<InfluenceTask> tasks = {testing::influence_task("hate", 1, 400),
                                      testing::influence_task("irony", 2, 300)};
  const auto found = mislabel_scores(tasks, checked_settings("common", "hard"), 0.1);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].flipped, 40);
  for (const MislabelScore& score : found) EXPECT_GT(score.auc, 0.65) << score.task;

  for (InfluenceTask& task : tasks) {
    task.kind = TaskKind::regression;
    task.outputs = 1;
    task.labels = task.labels.to(torch::kFloat32);
    task.validation_labels = task.validation_labels.to(torch::kFloat32);
  }
  testing::message_of<UserError>([&] { mislabel_scores(tasks, checked_settings("common", "hard"), 0.1); });
}

}  // namespace
}  // namespace infomtl
