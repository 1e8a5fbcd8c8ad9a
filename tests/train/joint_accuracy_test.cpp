// Sentence accuracy of an evaluation: over the texts that several tasks label.
#include <algorithm>

#include "infomtl/step/forward_pass.h"
#include "infomtl/train/evaluation.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::SmallRun;

/// "topic" on the sentences of "spans", "certainty" on them too, and "polarity" on its own; labels are what the model says
/// but for the first word of sentence 0 and the topic of sentence 1.
StepBatch nearly_right(const SmallRun& run, std::int64_t step) {
  StepBatch batch = run.batches("joint", 5, 1, step)[0];
  const auto of = [&](const char* name) -> TaskBatch& {
    return *std::find_if(batch.tasks.begin(), batch.tasks.end(),
                         [&](const TaskBatch& rows) { return run.tasks[rows.task].name == name; });
  };
  of("topic").rows = of("certainty").rows = of("spans").rows;
  std::erase_if(batch.tasks, [&](const TaskBatch& rows) {
    const std::string& name = run.tasks[rows.task].name;
    return name == "emotion" || name == "answer";
  });
  const torch::NoGradGuard no_grad;
  ForwardPass pass({.model = run.model.get(), .training = false}, batch);
  for (std::size_t k = 0; k < pass.size(); ++k) {
    if (pass.task(k).task().kind == TaskKind::regression) continue;
    batch.tasks[k].labels = pass.task(k).prediction().output.argmax(1);
  }
  const auto spoil = [](const Tensor& labels, std::int64_t at) { labels[at] = 1 - labels[at].clamp_max(1); };
  spoil(of("spans").labels, 0);
  spoil(of("topic").labels, 1);
  spoil(of("polarity").labels, 2);
  return batch;
}

Evaluation evaluation_of(const SmallRun& run, const std::vector<StepBatch>& batches) {
  std::size_t next = 0;
  const BatchReader reader = [&]() -> std::optional<StepBatch> {
    if (next == batches.size()) return std::nullopt;
    return batches[next++];
  };
  return evaluate_model(*run.model, nullptr, reader, "test", 0);
}

TEST(JointAccuracy, IsTheShareOfTextsOnWhichAllTasksThatLabelThemAreRight) {
  const SmallRun run(0.0);
  const std::vector<StepBatch> batches = {nearly_right(run, 0), nearly_right(run, 1)};
  const Evaluation found = evaluation_of(run, batches);
  ASSERT_EQ(found.joint.size(), 1U) << "a regression is neither right nor wrong, and polarity has texts of its own";
  EXPECT_EQ(found.joint[0].tasks, (std::vector<std::size_t>{run.task_named("topic"), run.task_named("spans")}));
  EXPECT_EQ(found.joint[0].texts, 10);
  EXPECT_DOUBLE_EQ(found.joint[0].accuracy, 0.6);
  EXPECT_DOUBLE_EQ(found.scores[run.task_named("topic")], 0.8);
}

TEST(JointAccuracy, IsNotForTasksWhoseTextsDiffer) {
  const SmallRun run(0.0);
  std::vector<StepBatch> batches = {nearly_right(run, 0), nearly_right(run, 1)};
  for (TaskBatch& rows : batches[1].tasks) {
    if (run.tasks[rows.task].name != "topic") continue;
    rows.rows = rows.rows.narrow(0, 0, 4);
    rows.labels = rows.labels.narrow(0, 0, 4);
  }
  EXPECT_TRUE(evaluation_of(run, batches).joint.empty());
  EXPECT_TRUE(evaluation_of(run, {}).joint.empty());
}

}  // namespace
}  // namespace infomtl
