#include "infomtl/losses/supervised.h"

#include "infomtl/core/errors.h"
#include "losses/counted_items.h"

namespace infomtl {

Tensor supervised_sum(const Task& task, const Tensor& output, const Tensor& labels, double label_smoothing) {
  switch (task.kind) {
    case TaskKind::classification:
    case TaskKind::tagging:
      return ops::cross_entropy(output, labels, label_smoothing).sum;
    case TaskKind::multi_label:
      return ops::binary_cross_entropy(output, labels).sum;
    case TaskKind::regression:
      return ops::squared_error(output, labels).sum;
  }
  throw StateError("task \"" + task.name + "\": no loss for its kind of label");
}

std::int64_t Supervised::count(const TaskBatch& rows) const { return known_label_count(rows); }

LossValue Supervised::compute(TaskStep& step) {
  if (step.labels().size(0) == 0) return no_items(step.prediction().output);
  const auto sum = [&](int view) {
    return supervised_sum(step.task(), step.prediction(view).output, step.labels(), settings_.label_smoothing);
  };
  Tensor total = sum(0);
  if (step.training() && settings_.views > 1) {
    for (int view = 1; view < settings_.views; ++view) total = total + sum(view);
    total = total / static_cast<double>(settings_.views);
  }
  return over_items(total, count(step.batch()));
}

}  // namespace infomtl
