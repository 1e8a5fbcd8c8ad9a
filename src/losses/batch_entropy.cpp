#include "infomtl/losses/batch_entropy.h"

#include "losses/counted_items.h"

namespace infomtl {

bool BatchEntropy::applies_to(const Task& task) const { return is_classes(task.kind); }

LossValue BatchEntropy::compute(TaskStep& step) {
  const Tensor& logits = without_noise(step.prediction());
  return logits.size(0) == 0 ? no_items(logits) : ops::batch_entropy(logits);
}

}  // namespace infomtl
