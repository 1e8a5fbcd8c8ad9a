// Which evaluation is the best one where scores are not numbers, and what their averages are over.

#include "train/selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "step/small_run.h"

namespace infomtl {
namespace {

std::vector<Task> two_tasks() {
  std::vector<Task> tasks(2);
  tasks[0].name = "hate";
  tasks[1].name = "stars";
  return tasks;
}

Evaluation scored(std::vector<double> scores, std::vector<bool> seen = {}) {
  Evaluation found;
  found.losses = scores;
  found.scores = std::move(scores);
  found.higher_is_better = {true, false};
  found.seen = std::move(seen);
  return found;
}

TEST(Selection, ANaNIsNeverBetterThanANumberAndAnyNumberIsBetterThanIt) {
  for (const char* const monitor : {"average", "loss", "hate"}) {
    Progress progress;
    progress.cost.rows = {0, 0};
    const auto enter = [&](double score) {
      const bool best = select_evaluation({.monitor = monitor}, scored({score, 0.5}), two_tasks(), progress);
      ++progress.epoch;
      return best;
    };
    EXPECT_TRUE(enter(NAN)) << "the first is the best so far";
    EXPECT_FALSE(enter(NAN));
    progress = Progress::from_json(progress.to_json(), 2);  // as a run that goes on reads it
    EXPECT_TRUE(enter(0.25)) << monitor;
    EXPECT_FALSE(enter(NAN)) << monitor;
    EXPECT_EQ(progress.best.epoch, 2) << monitor;
    EXPECT_TRUE(std::isfinite(progress.best.score)) << monitor;
  }
}

TEST(Evaluation, AveragesLeaveOutTasksWithoutRowsAlone) {
  const std::vector<Task> tasks = two_tasks();
  EXPECT_DOUBLE_EQ(scored({0.5, 0.25}).average(), 0.375);
  EXPECT_DOUBLE_EQ(scored({0.5, NAN}, {true, false}).average(), 0.5);
  EXPECT_DOUBLE_EQ(scored({0.5, NAN}, {true, false}).monitored("average", tasks), 0.5);
  EXPECT_DOUBLE_EQ(scored({0.5, NAN}, {true, false}).monitored("loss", tasks), -0.5);
  EXPECT_DOUBLE_EQ(scored({0.5, 0.25}).monitored("average", tasks), 0.125) << "the second is to be low";
  for (const Evaluation& found : {scored({0.5, NAN}), scored({0.5, NAN}, {true, true}), scored({NAN, 0.5})}) {
    EXPECT_TRUE(std::isnan(found.average()));
    EXPECT_TRUE(std::isnan(found.monitored("average", tasks)));
    EXPECT_TRUE(std::isnan(found.monitored("loss", tasks)));
  }
}

TEST(Evaluation, SaysWhichTasksItSaw) {
  const testing::SmallRun run(0.0);
  std::vector<StepBatch> batches = run.batches("joint", 12, 1);
  const std::size_t absent = run.task_named("polarity");
  for (StepBatch& batch : batches) {
    std::erase_if(batch.tasks, [&](const TaskBatch& rows) { return rows.task == absent; });
  }
  std::size_t next = 0;
  const BatchReader reader = [&]() -> std::optional<StepBatch> {
    if (next == batches.size()) return std::nullopt;
    return batches[next++];
  };
  const Evaluation found = evaluate_model(*run.model, run.objective.get(), reader, "test", 0);
  double sum = 0;
  for (std::size_t t = 0; t < run.tasks.size(); ++t) {
    EXPECT_EQ(found.has_rows(t), t != absent);
    if (t != absent) sum += found.scores[t];
  }
  EXPECT_DOUBLE_EQ(found.average(), sum / static_cast<double>(run.tasks.size() - 1));
}

}  // namespace
}  // namespace infomtl
