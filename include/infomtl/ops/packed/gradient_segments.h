#pragma once
// Gradient segments: which task owns which rows of the packed matrices of a step, so that one backward pass yields the
// parameter gradients of every task. Tasks occupy disjoint row ranges; the gradient of a weight for task t is
// X_t^T dY_t over the task's rows, the same arithmetic in total as the ordinary gradient.
//
//   auto segments = std::make_shared<GradientSegments>(ranges, sink);
//   Tensor y = ops::linear(x, weight, bias, segments);   // backward adds to the sink's rows, not to weight.grad()
//
// Letters: N tokens of the step, S sequences, T tasks.

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// Takes the per-task gradients of parameters during a backward pass.
class INFOMTL_API GradientSink {
 public:
  virtual ~GradientSink() = default;
  /// Where the T gradients of `parameter` are added: [T, parameter.numel()], contiguous rows; of an embedding table
  /// with rows_of() defined, [T, R * width]. A single row takes the sum of all tasks. Undefined when the sink does not
  /// want the parameter (its ordinary gradient is then computed).
  virtual torch::Tensor open(const torch::Tensor& parameter) = 0;
  /// [R] int64, sorted, unique: the rows of an embedding table [V, width] that open() has a place for; every other row
  /// must be left alone. Undefined: all V.
  virtual torch::Tensor rows_of(const torch::Tensor& /*table*/) const { return {}; }
  /// Called once all T rows of one use of `parameter` have been added to `rows` (what open() returned).
  virtual void close(const torch::Tensor& parameter, const torch::Tensor& rows) = 0;

  /// Adds sum_t weights_t times the gradients of one use of some parameters to places[i], of the i-th one's shape.
  ///
  /// @param weights [T], of the parameters' type
  using WeightedSum = std::function<void(const torch::Tensor& weights, const std::vector<torch::Tensor>& places)>;
  /// Whether keep() is to be called.
  virtual bool keeps() const { return false; }
  /// Hands over, once they were closed, how the gradients of one use of weight matrices or tables can be summed when
  /// the weights are known: cheaper than a second backward pass, smaller than the T rows.
  virtual void keep(const std::vector<torch::Tensor>& /*parameters*/, WeightedSum /*sum*/) {}

  /// Whether the backward pass is the last one over its graph. Operations then write gradients over values that they
  /// alone saved: what is kept needs no memory beside the graph's.
  virtual bool uses_up_graph() const { return false; }
};

/// The row ranges of the tasks of one step, and the sink.
class INFOMTL_API GradientSegments {
 public:
  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };

  /// @param tokens  T ranges that partition 0..N in order; @param sequences  T ranges that partition 0..S in order
  GradientSegments(std::vector<Range> tokens, std::vector<Range> sequences, std::shared_ptr<GradientSink> sink);

  /// The ranges of a matrix with that many rows: N (token matrices) or S (pooled matrices). Where N = S every sequence
  /// is one token, so both are the same.
  /// @throws ShapeError for any other number
  const std::vector<Range>& ranges_of(std::int64_t rows) const;
  /// The same for a sink's `taken` rows: one range, all of 0..rows, where it has but one row for all tasks.
  std::vector<Range> ranges_of(std::int64_t rows, const torch::Tensor& taken) const;
  GradientSink& sink() const { return *sink_; }
  /// x times the weight of the task that owns the row: [rows, ...] for weights [T].
  torch::Tensor weighted(const torch::Tensor& x, const torch::Tensor& weights) const;

 private:
  std::vector<Range> tokens_;
  std::vector<Range> sequences_;
  std::shared_ptr<GradientSink> sink_;
};

}  // namespace infomtl::ops
