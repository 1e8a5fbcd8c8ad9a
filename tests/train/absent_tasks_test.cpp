// A task of which no term counts anything in a step: weightings and the means of an epoch do not see it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "infomtl/optim/sgd.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::small_settings;
using testing::SmallRun;
using testing::Trained;

/// What a weighting is shown.
struct Shown {
  std::vector<std::vector<std::size_t>> tasks;
  std::int64_t updates = 0;
  std::vector<double> mean_losses;
};

class Watching final : public GradientWeighting {
 public:
  explicit Watching(std::shared_ptr<Shown> shown) : shown_(std::move(shown)) {}
  void backward(TaskGradients& task_gradients) override {
    shown_->tasks.push_back(task_gradients.tasks());
    task_gradients.apply_weights(torch::ones({static_cast<std::int64_t>(task_gradients.size())}));
  }
  void after_update(TaskGradients& /*task_gradients*/) override { ++shown_->updates; }
  void end_epoch(std::int64_t /*epoch*/, const std::vector<double>& mean_losses) override {
    shown_->mean_losses = mean_losses;
  }

 private:
  std::shared_ptr<Shown> shown_;
};

/// "topic" learns by contrast alone.
SmallRun contrasting_run() {
  Json others = Json::array();
  for (const Task& task : testing::corpus().dataset.tasks) {
    if (task.name != "topic") others.push_back(task.name);
  }
  return SmallRun(
      0.0, "linear",
      {{{"name", "supervised"}, {"tasks", others}}, {{"name", "supervised_contrastive"}, {"tasks", {"topic"}}}});
}

TEST(AbsentTasks, AreNotShownToTheWeightingNorCountedInMeans) {
  TrainerSettings settings = small_settings("joint");
  settings.optimizer = sgd({.learning_rate = 0.1});
  const auto shown = std::make_shared<Shown>();
  Trained trained(contrasting_run(), settings, std::make_shared<Watching>(shown));
  std::map<std::string, double> weights;
  trained.trainer->on_report([&](const StepReport& report) { weights = report.weights; });
  const std::size_t topic = trained.run.task_named("topic"), tasks = trained.run.tasks.size();
  StepBatch batch = trained.run.batches("joint", 6, 1)[0];
  for (TaskBatch& rows : batch.tasks) {
    if (rows.task == topic) rows.labels = torch::arange(rows.labels.size(0));  // no two alike
  }
  trained.trainer->step(batch);
  ASSERT_EQ(shown->tasks.size(), 1U);
  EXPECT_EQ(shown->tasks[0].size(), tasks - 1);
  EXPECT_EQ(std::count(shown->tasks[0].begin(), shown->tasks[0].end(), topic), 0);
  EXPECT_EQ(shown->updates, 1);
  EXPECT_EQ(weights.size(), tasks - 1);
  EXPECT_FALSE(weights.contains("topic"));

  // Where it is the only task, nobody is asked and nothing moves.
  const Tensor before = trained.trainer->parameters().values().clone();
  std::erase_if(batch.tasks, [&](const TaskBatch& rows) { return rows.task != topic; });
  trained.trainer->step(batch);
  EXPECT_EQ(shown->tasks.size(), 1U);
  EXPECT_EQ(shown->updates, 1);
  EXPECT_TRUE(at::equal(trained.trainer->parameters().values(), before));
  EXPECT_EQ(trained.trainer->steps_done(), 2);
}

TEST(AbsentTasks, HaveNoMeanLossInAnEpochWithoutAny) {
  TrainerSettings settings = small_settings("joint");
  settings.batching.batch_size = 1;  // one row a task: never two of one label
  settings.max_steps = 3;
  const auto shown = std::make_shared<Shown>();
  Trained trained(contrasting_run(), settings, std::make_shared<Watching>(shown));
  trained.steps(3);
  ASSERT_EQ(shown->mean_losses.size(), trained.run.tasks.size());
  for (std::size_t t = 0; t < trained.run.tasks.size(); ++t) {
    EXPECT_EQ(std::isnan(shown->mean_losses[t]), t == trained.run.task_named("topic")) << trained.run.tasks[t].name;
  }
}

}  // namespace
}  // namespace infomtl
