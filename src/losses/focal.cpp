#include "infomtl/losses/focal.h"

#include <algorithm>

#include "infomtl/core/errors.h"
#include "losses/counted_items.h"

namespace infomtl {

void FocalLoss::check_options(const std::vector<Task>& tasks) const {
  const auto is_sets = [](const Task& task) { return task.kind == TaskKind::multi_label; };
  if (settings_.alpha < 0 || std::any_of(tasks.begin(), tasks.end(), is_sets)) return;
  throw ConfigError(
      "alpha: weighs the labels of multi_label tasks, and none of its tasks is one; leave it out, or weigh single "
      "classes "
      "by \"class_weights\" of \"supervised\"");
}

std::int64_t FocalLoss::count(const TaskBatch& rows) const { return known_label_count(rows); }

LossValue FocalLoss::compute(TaskStep& step) {
  const Tensor& output = step.prediction().output;
  const Tensor& labels = step.labels();
  if (labels.size(0) == 0) return no_items(output);
  if (is_classes(step.task().kind)) return ops::focal(output, labels, settings_.gamma);
  const LossValue each = ops::focal_binary(output, labels, settings_.gamma, settings_.alpha);
  return over_items(each.sum / static_cast<double>(output.size(1)), output.size(0));
}

}  // namespace infomtl
