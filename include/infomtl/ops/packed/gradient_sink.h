#pragma once
// Gradient sink: takes the per-task gradients of parameters during a backward pass.
//
// One use of a parameter in an operation: open(parameter) says where the gradients of the T tasks are added, the
// operation adds them, close() says that they are complete, keep() hands over how to sum them with weights later. Own
// operations use accumulate_per_task() (src/ops/packed/accumulate_per_task.h), which does all of this.
//
// Letters: T tasks, V rows of a table.

#include <torch/types.h>

#include <functional>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl::ops {

class INFOMTL_API GradientSink {
 public:
  virtual ~GradientSink() = default;
  /// Where the T gradients of `parameter` are added: [T, parameter.numel()], contiguous rows; of an embedding table
  /// with rows_of() defined, [T, R * width]. A single row takes the sum over all tasks. Undefined when the sink does
  /// not want the parameter (its ordinary gradient is then computed).
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
  /// Registers a callback that adds sum_t w_t g_t once the weights w are known, where g_t are the closed gradients of
  /// one use: cheaper than a second backward pass, smaller than T rows.
  virtual void keep(const std::vector<torch::Tensor>& /*parameters*/, WeightedSum /*sum*/) {}

  /// Not about parameters: whether the backward pass that runs is the last one over its graph, so that operations may
  /// write gradients of their inputs over the values that they alone saved. Saves memory; ops ask
  /// RowOwners::may_overwrite_saved().
  virtual bool may_overwrite_saved() const { return false; }
};

}  // namespace infomtl::ops
