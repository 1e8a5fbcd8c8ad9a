#pragma once
// Gradient segments: which task owns which tokens and which sequences of a packed step, so that one backward pass
// yields the parameter gradients of every task. Tasks occupy disjoint row ranges; the gradient of a weight for task t
// is X_t^T dY_t over the task's rows, the same arithmetic in total as the ordinary gradient.
//
//   GradientSegments segments(token_ranges, sequence_ranges, sink);
//   Tensor y = ops::linear(x, weight, bias, segments.tokens());   // backward adds to the sink's rows, not to .grad()
//
// Letters: N tokens of the step, S sequences, T tasks.

#include <memory>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/row_owners.h"

namespace infomtl::ops {

/// The row ranges of the tasks of one step, and the sink.
class INFOMTL_API GradientSegments {
 public:
  using Range = RowRange;

  /// @param tokens  T ranges that partition 0..N in order; @param sequences  T ranges that partition 0..S in order
  GradientSegments(std::vector<Range> tokens, std::vector<Range> sequences, std::shared_ptr<GradientSink> sink);

  const RowOwners& tokens() const { return tokens_; }        ///< owners of matrices with N rows
  const RowOwners& sequences() const { return sequences_; }  ///< owners of matrices with S rows

 private:
  RowOwners tokens_, sequences_;
};

}  // namespace infomtl::ops
