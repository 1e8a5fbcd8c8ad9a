#pragma once
// Feature bank: the last rows of a task, first in, first out, as buffers: saved with the checkpoint. A pass of a step sees the
// bank as it was when the step began, so a pass repeated is the same pass; for that it keeps twice its capacity. (Exact while
// a step brings no more rows than the capacity.) Nothing is read on the host.

#include <torch/nn/module.h>

#include <cstdint>

#include "infomtl/ops/tensor.h"

namespace infomtl {

/// Letters: N places, twice the capacity; H width of a row.
class FeatureBank final : public torch::nn::Module {
 public:
  FeatureBank(std::int64_t capacity, std::int64_t width);

  /// @param rows [B, H]; @param labels [B] int64, or undefined: -1. Of more rows than the capacity the last ones are kept.
  void record(const Tensor& rows, const Tensor& labels, std::int64_t step);
  const Tensor& rows() const { return rows_; }      ///< [N, H] float32
  const Tensor& labels() const { return labels_; }  ///< [N] int64
  /// [N] bool: which places hold one of the last rows of the steps before `step`.
  Tensor filled(std::int64_t step) const;
  /// Scalar bool: whether any does.
  Tensor any(std::int64_t step) const { return before(step) > 0; }

 private:
  /// How many rows were recorded before `step`.
  Tensor before(std::int64_t step) const;

  std::int64_t capacity_;
  Tensor rows_, labels_;
  Tensor before_, now_, step_;  // scalars int64: rows recorded until the last step, with it, and which it is (-1: none)
};

}  // namespace infomtl
