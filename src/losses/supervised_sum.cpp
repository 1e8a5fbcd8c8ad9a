#include "losses/supervised_sum.h"

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/classification.h"

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

}  // namespace infomtl
