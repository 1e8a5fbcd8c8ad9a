#include "infomtl/losses/focal.h"

#include "losses/counted_items.h"

namespace infomtl {

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
