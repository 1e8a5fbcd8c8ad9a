#pragma once
// The supervised loss of one task, summed over its items: the one place that knows which loss a kind of label has.

#include "infomtl/data/task.h"
#include "infomtl/ops/tensor.h"

namespace infomtl {

/// Cross-entropy, binary cross-entropy (mean over classes) or squared error; items of an unknown label add 0.
/// @param output [B, C]; @param labels as TaskBatch::labels; @param label_smoothing  of single classes only
/// @return scalar with graph
Tensor supervised_sum(const Task& task, const Tensor& output, const Tensor& labels, double label_smoothing);

}  // namespace infomtl
