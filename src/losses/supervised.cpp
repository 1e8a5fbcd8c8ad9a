#include "infomtl/losses/supervised.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>

#include "infomtl/core/errors.h"
#include "losses/units.h"

namespace infomtl {

std::int64_t Supervised::count(const TaskBatch& rows) const { return known_label_count(rows); }

Tensor Supervised::sum(TaskStep& step, int view) const {
  const Tensor& output = step.prediction(view).output;
  const Tensor& labels = step.labels();
  switch (step.task().kind) {
    case TaskKind::classification:
    case TaskKind::tagging:
      return at::cross_entropy_loss(output, labels, {}, at::Reduction::Sum, ops::kIgnoredLabel,
                                    settings_.label_smoothing);
    case TaskKind::multi_label:
      return at::binary_cross_entropy_with_logits(output, labels.to(output.dtype()), {}, {}, at::Reduction::None)
          .mean(1)
          .sum();
    case TaskKind::regression:
      return (output.squeeze(1) - labels.to(output.dtype())).square().sum();
  }
  throw StateError("task \"" + step.task().name + "\": no loss for its kind of label");
}

LossValue Supervised::compute(TaskStep& step) {
  if (step.labels().size(0) == 0) return no_units(step.prediction().output);
  Tensor total = sum(step, 0);
  if (step.training() && settings_.views > 1) {
    for (int view = 1; view < settings_.views; ++view) total = total + sum(step, view);
    total = total / static_cast<double>(settings_.views);
  }
  return over_units(total, count(step.batch()));
}

}  // namespace infomtl
