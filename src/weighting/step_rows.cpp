#include "weighting/step_rows.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "infomtl/ops/aggregation/gram.h"

namespace infomtl::weightings {

RowsOfStep::RowsOfStep(torch::Tensor& state, const TaskGradients& task_gradients, double initial, Sum sum, double total)
    : state_(state),
      tasks_(static_cast<std::int64_t>(task_gradients.task_count())),
      initial_(initial),
      total_(sum == Sum::kept ? total : 0) {
  if (task_gradients.size() == task_gradients.task_count()) {
    rows = state;
    return;
  }
  std::vector<std::int64_t> places;
  for (const std::size_t task : task_gradients.tasks()) places.push_back(static_cast<std::int64_t>(task));
  index_ = torch::tensor(places, torch::kInt64);
  if (total_ > 0) sum_ = initial_ * static_cast<double>(places.size());  // of what such tasks start from
  if (!state.defined()) return;
  index_ = index_.to(state.device());
  rows = state.index_select(0, index_);
  if (total_ > 0) {
    const double mass = rows.sum().item<double>();
    if (mass > 1e-12) {
      rows = rows * (total_ / mass);
      sum_ = mass;
    } else {  // a point that had left all of these tasks starts anew in their middle, and the others make room
      const auto present = static_cast<double>(places.size());
      rows = torch::full_like(rows, total_ / present);
      others_ = 1.0 - present / static_cast<double>(tasks_);
    }
  }
}

RowsOfStep::~RowsOfStep() {
  if (!index_.defined()) {
    state_ = rows;
    return;
  }
  if (!rows.defined()) return;
  const torch::NoGradGuard no_grad;
  if (!state_.defined()) {
    std::vector<std::int64_t> shape = rows.sizes().vec();
    shape[0] = tasks_;
    state_ = torch::full(shape, initial_, rows.options());
  }
  // A state read from a checkpoint lies on the model's device, new rows may lie on the host.
  const torch::Tensor before = state_.to(rows.device());
  state_ = (others_ < 1 ? before * others_ : before)
               .index_copy(0, index_.to(rows.device()), total_ > 0 ? rows * (sum_ / total_) : rows);
}

torch::Tensor for_tasks_of(const TaskGradients& step, const TaskGradients& other, const torch::Tensor& rows) {
  if (step.tasks() == other.tasks()) return rows;
  std::vector<torch::Tensor> chosen;
  for (const std::size_t task : step.tasks()) {
    const auto found = std::find(other.tasks().begin(), other.tasks().end(), task);
    chosen.push_back(found == other.tasks().end() ? torch::zeros_like(rows[0]) : rows[found - other.tasks().begin()]);
  }
  return torch::stack(chosen);
}

torch::Tensor cross_gram_of_two_batches(TaskGradients& step) {
  TaskGradients &first = step.independent(0), &second = step.independent(1);
  return ops::cross_gram(for_tasks_of(step, first, first.jacobian()), for_tasks_of(step, second, second.jacobian()));
}

}  // namespace infomtl::weightings
