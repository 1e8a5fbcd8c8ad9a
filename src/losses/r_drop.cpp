#include "infomtl/losses/r_drop.h"

#include "losses/counted_items.h"

namespace infomtl {

bool RDrop::applies_to(const Task& task) const { return is_classes(task.kind); }

LossValue RDrop::compute(TaskStep& step) {
  const Tensor& logits = without_noise(step.prediction(0));
  return logits.size(0) == 0 ? no_items(logits) : ops::symmetric_kl(logits, without_noise(step.prediction(1)));
}

}  // namespace infomtl
