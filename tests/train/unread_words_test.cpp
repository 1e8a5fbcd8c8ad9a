// Words that max_length cut off: whatever the head says of the token before them is no answer.

#include "infomtl/metrics/metric.h"
#include "infomtl/train/evaluation.h"
#include "support/compare.h"

namespace infomtl {
namespace {

TEST(UnreadWords, AreNotAnswered) {
  Task task;
  task.name = "tags";
  task.kind = TaskKind::tagging;
  task.labels = {"O", "B-place"};
  TaskBatch rows;
  rows.labels = torch::tensor({0, 1, 0, 0}, torch::kInt64);
  rows.word_offsets = torch::tensor({0, 4}, torch::kInt64);
  rows.unread = torch::tensor({false, false, true, true});
  const Tensor output = torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}, {0.0F, 1.0F}, {0.0F, 1.0F}});
  Predictions predictions;
  predictions.space = metric_context(task);
  add_predictions(task, rows, output, predictions);
  EXPECT_EQ(predictions.predicted, (std::vector<std::int64_t>{0, 1, kNoAnswer, kNoAnswer}));
  const auto score = [&](const char* name) {
    return build_metric(std::string_view(name), metric_context(task))->score(predictions);
  };
  EXPECT_DOUBLE_EQ(score("entity_f1"), 1.0) << "no entity is invented behind the cut";
  EXPECT_DOUBLE_EQ(score("accuracy"), 0.5) << "and none is called right that was not read";
}

}  // namespace
}  // namespace infomtl
