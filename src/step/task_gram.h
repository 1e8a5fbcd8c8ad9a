#pragma once
// Task Gram matrix: the products of the tasks' gradients without their Jacobian, and the means to sum the gradients
// with weights later, from one backward pass that holds all tasks' gradients of only a few large parameters at a time.

#include <memory>

#include "step/task_jacobian.h"

namespace infomtl {

class TaskGram {
 public:
  /// All of them are kept by reference.
  TaskGram(StepLosses& losses, FlatParameters& parameters, TaskJacobian& jacobian, TaskGradientSink& sink,
           GradientMemory& memory)
      : losses_(losses), parameters_(parameters), jacobian_(jacobian), sink_(sink), memory_(memory) {}

  bool computed() const { return gram_.defined(); }
  /// Uses up the graph of the step. @return false where that can't be; then the Jacobian is needed
  bool compute();
  /// [T, T] float64 on the CPU.
  const Tensor& values() const { return gram_; }
  /// As TaskJacobian::add_combination(); once, once computed.
  void add_combination(const Tensor& weights, const Tensor& own_weights);

 private:
  StepLosses& losses_;
  FlatParameters& parameters_;
  TaskJacobian& jacobian_;
  TaskGradientSink& sink_;
  GradientMemory& memory_;
  std::unique_ptr<GradientRows> small_rows_;  // [T, C] over the parameters whose gradients are kept as rows
  Tensor small_rows_memory_;
  Tensor gram_;
};

}  // namespace infomtl
