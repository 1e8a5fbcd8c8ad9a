#include "losses/step_average.h"

#include <ATen/ATen.h>

namespace infomtl {

StepAverage::StepAverage(std::size_t tasks, std::int64_t values, double initial) {
  const auto count = static_cast<std::int64_t>(tasks);
  before_ = register_buffer("before", torch::full({count, values}, initial, torch::kFloat64));
  now_ = register_buffer("now", torch::full({count, values}, initial, torch::kFloat64));
  step_ = register_buffer("step", torch::full({count}, -1, torch::kInt64));
}

torch::Tensor StepAverage::before(std::size_t task, std::int64_t step) const {
  const torch::NoGradGuard no_grad;
  const auto row = static_cast<std::int64_t>(task);
  return at::where(step_[row] < step, now_[row], before_[row]);
}

void StepAverage::record(std::size_t task, std::int64_t step, const torch::Tensor& values) {
  const torch::NoGradGuard no_grad;
  const auto row = static_cast<std::int64_t>(task);
  before_[row].copy_(before(task, step));
  step_[row].fill_(step);
  now_[row].copy_(values.detach());
}

torch::Tensor StepAverage::latest(std::size_t task) const {
  const auto row = static_cast<std::int64_t>(task);
  return step_[row].item<std::int64_t>() < 0 ? torch::Tensor() : now_[row];
}

}  // namespace infomtl
