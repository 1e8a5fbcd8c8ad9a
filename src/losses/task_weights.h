#pragma once
// Task weights: how much a task takes from each other one, learned as logits that Gumbel noise disturbs in training.

#include <torch/nn/module.h>

#include <string>
#include <utility>
#include <vector>

#include "infomtl/losses/task_priors.h"
#include "infomtl/ops/information/variational.h"
#include "infomtl/optim/weight_schedule.h"

namespace infomtl {

class TaskWeights final : public torch::nn::Module {
 public:
  /// @param members  the tasks that take part, of `tasks`
  TaskWeights(const TaskPriorSettings& settings, std::vector<std::size_t> members, std::size_t tasks);

  /// What a task's posterior is compared with; `standard` also where there is no other task.
  ops::TaskPrior prior() const { return prior_; }
  /// The members but one, in the order of a drawn vector.
  std::vector<std::size_t> others(std::size_t task) const;
  /// Whether draw() is random: with three members or more, but for `standard`.
  bool draws() const { return logits_.defined(); }
  /// [n] of the step's task over others(), summing to one, with graph to its logits.
  Tensor draw(TaskStep& step, std::string_view purpose);
  /// [T, T] float64 without noise: softmax of each member's logits, 0 elsewhere. Undefined for `standard`.
  Tensor matrix() const;
  /// "temperature" of the last draw, "largest_weight"; none for `standard`.
  std::vector<std::pair<std::string, double>> diagnostics() const;

 private:
  /// [n] the task's.
  Tensor logits_of(std::size_t task) const;

  ops::TaskPrior prior_;
  std::vector<std::size_t> members_;
  std::int64_t tasks_;
  Schedule temperature_;
  Tensor step_;    // scalar int64: the last step that was drawn for; undefined for `standard`
  Tensor logits_;  // [members, members-1]; undefined below three members
};

}  // namespace infomtl
