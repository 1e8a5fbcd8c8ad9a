#include "infomtl/losses/supervised.h"

#include "losses/counted_items.h"
#include "losses/supervised_sum.h"

namespace infomtl {

std::int64_t Supervised::count(const TaskBatch& rows) const { return known_label_count(rows); }

Tensor Supervised::sum(TaskStep& step, int view) const {
  return supervised_sum(step.task(), step.prediction(view).output, step.labels(), settings_.label_smoothing);
}

LossValue Supervised::compute(TaskStep& step) {
  if (step.labels().size(0) == 0) return no_items(step.prediction().output);
  Tensor total = sum(step, 0);
  if (step.training() && settings_.views > 1) {
    for (int view = 1; view < settings_.views; ++view) total = total + sum(step, view);
    total = total / static_cast<double>(settings_.views);
  }
  return over_items(total, count(step.batch()));
}

}  // namespace infomtl
