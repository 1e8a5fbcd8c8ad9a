#pragma once
// Row owners: which task owns which rows of a matrix, said by whoever calls an operation. Where there are owners, the
// parameter gradients of every task go to their sink; without, gradients are ordinary ones.
//
//   RowOwners owners = segments->tokens();                     // of a matrix with a row per token
//   Tensor y = ops::linear(x, weight, bias, owners);           // backward adds X_t^T dY_t to the sink's row t
//   Tensor z = ops::linear(positions, weight, bias);           // rows of no task: ordinary gradients
//
// Letters: T tasks.

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/gradient_sink.h"

namespace infomtl::ops {

struct RowRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// A small value, cheap to copy; the default owns nothing.
class INFOMTL_API RowOwners {
 public:
  RowOwners() = default;
  /// @param ranges  one per task, in order, which partition 0..rows
  /// @throws ShapeError for gaps, StateError without a sink
  RowOwners(std::vector<RowRange> ranges, std::shared_ptr<GradientSink> sink);

  bool none() const { return sink_ == nullptr; }
  /// Rows of the matrix; the next four only where there are owners.
  std::int64_t rows() const { return ranges_->empty() ? 0 : ranges_->back().end; }
  const std::vector<RowRange>& ranges() const { return *ranges_; }
  GradientSink& sink() const { return *sink_; }
  /// x times the weight of the task that owns the row: [rows, ...] for weights [T].
  torch::Tensor weighted(const torch::Tensor& x, const torch::Tensor& weights) const;

  /// Whether the running backward pass may write over saved values; see GradientSink. False without owners.
  bool may_overwrite_saved() const { return sink_ != nullptr && sink_->may_overwrite_saved(); }

 private:
  std::shared_ptr<const std::vector<RowRange>> ranges_;
  std::shared_ptr<GradientSink> sink_;
};

}  // namespace infomtl::ops
