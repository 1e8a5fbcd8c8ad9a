#pragma once
// Items: what a term averages over, rows or words of a task.

#include <ATen/ops/full.h>

#include "infomtl/data/step_batch.h"
#include "infomtl/data/task.h"
#include "infomtl/model/head.h"
#include "infomtl/ops/device_copy.h"
#include "infomtl/ops/information/classification.h"
#include "infomtl/ops/loss_value.h"

namespace infomtl {

/// The prediction without the noise of a gaussian head's sample.
inline const Tensor& without_noise(const Prediction& prediction) {
  return prediction.mean.defined() ? prediction.mean : prediction.output;
}

inline ops::LossValue over_items(const Tensor& sum, std::int64_t count) {
  return {sum, at::full({}, static_cast<double>(count), sum.options().requires_grad(false))};
}

/// Nothing to average over: sum 0 with a graph that ends at `from`, count 0.
inline ops::LossValue no_items(const Tensor& from) { return over_items(from.sum() * 0, 0); }

/// Whether every item has one class.
inline bool is_classes(TaskKind kind) { return kind == TaskKind::classification || kind == TaskKind::tagging; }

/// Labels that are classes: one bool each on the host, false for a label the task does not know.
inline Tensor known_labels(const TaskBatch& rows) { return rows.labels_on_host() != kUnknownLabel; }

/// Where labels that the task knows lie among the batch's, on a device: [K] int64. The host finds them.
inline Tensor known_places(const TaskBatch& rows, torch::Device device) {
  return ops::copied_to(known_labels(rows).nonzero().squeeze(1), device);
}

/// Labels of the rows without those that are classes the task does not know (evaluation splits may hold some).
inline std::int64_t known_label_count(const TaskBatch& rows) {
  if (rows.labels.scalar_type() != torch::kInt64) return rows.label_count();
  return known_labels(rows).sum().item<std::int64_t>();
}

}  // namespace infomtl
