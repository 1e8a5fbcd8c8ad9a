#pragma once
// Step rows: what a weighting remembers per task, in a step that has losses of some tasks only. States of absent tasks
// stay as they are, but for a simplex whose point had left all present ones.
//
// Letters: T tasks of the experiment, k those of the step.

#include <limits>

#include "infomtl/weighting/task_gradients.h"

namespace infomtl::weightings {

/// A state [T, ...] as the rows [k, ...] of a step's tasks, for an operation to read and replace; when this ends they go
/// back to their places. Where all tasks are there, the rows are the state itself.
///
///   RowsOfStep logits(logits_, task_gradients);
///   logits.rows = ops::adam(logits.rows, ...);
class RowsOfStep {
 public:
  enum class Sum {
    any,
    /// of a point on a simplex: rows come with sum 1 (or k), and go back with the sum that they had. Where that was 0
    /// they go back with k/T of the whole, and the absent tasks' rows shrink by 1 - k/T: the whole keeps its sum
    kept,
  };
  /// @param state  undefined until a step has made it; kept by reference
  /// @param initial  what tasks start from that no step had yet; NaN: the operation is to see that and choose
  /// @param total  Sum::kept: the sum over the step's tasks that the operation expects
  RowsOfStep(torch::Tensor& state, const TaskGradients& task_gradients,
             double initial = std::numeric_limits<double>::quiet_NaN(), Sum sum = Sum::any, double total = 1.0);
  ~RowsOfStep();
  RowsOfStep(const RowsOfStep&) = delete;
  RowsOfStep& operator=(const RowsOfStep&) = delete;

  torch::Tensor rows;  ///< undefined where the state is

 private:
  torch::Tensor& state_;
  torch::Tensor index_;  ///< [k] int64, undefined where all tasks are there
  std::int64_t tasks_;
  double initial_, sum_ = 1, total_, others_ = 1;
};

/// Rows [k', ...] of another step (an independent batch) as those of this step's tasks [k, ...]: zero where that one has
/// no row of the task.
torch::Tensor for_tasks_of(const TaskGradients& step, const TaskGradients& other, const torch::Tensor& rows);

/// [k, k] the products of the step's tasks' gradients on one independent batch with those on another: without the bias that
/// the products of one batch with itself have.
torch::Tensor cross_gram_of_two_batches(TaskGradients& step);

}  // namespace infomtl::weightings
