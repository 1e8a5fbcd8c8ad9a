#pragma once
// Class means: the mean of what was read so far of each class of a task, over all of training. The state is buffers: it is
// saved with the model. A pass of a step reads the means as they were when the step began, so a pass repeated is the same
// pass; the rows of the step in hand count from the next one on.

#include <torch/nn/module.h>

#include <cstdint>

#include "infomtl/data/task.h"
#include "infomtl/ops/tensor.h"

namespace infomtl::architectures {

/// Letters: B rows, H their width, C outputs of the task.
class ClassMeans final : public torch::nn::Module {
 public:
  /// A mean per class or label of the task; of a regression one mean of all rows.
  ClassMeans(const Task& task, std::int64_t width);

  /// Counts rows of `step`: each for its class, of a task with sets of labels for every label that it has.
  /// @param rows [B, H]; @param labels as TaskBatch::labels
  void record(const Tensor& rows, const Tensor& labels, std::int64_t step);
  /// [C, H] float64 of all steps before `step`, a scalar int64, which need not be read on the host; 0 where a class was
  /// never seen.
  Tensor before(const Tensor& step) const;

 private:
  TaskKind kind_;
  std::int64_t classes_;
  Tensor before_, now_;  // [C, H+1] float64: sums over rows, and their number
  Tensor step_;          // scalar int64: the last step recorded, -1 for none
};

}  // namespace infomtl::architectures
