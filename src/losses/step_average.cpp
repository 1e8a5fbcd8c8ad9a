#include "losses/step_average.h"

#include <ATen/ATen.h>

namespace infomtl {

StepAverage::StepAverage(std::size_t tasks, std::int64_t values, double initial) {
  const auto count = static_cast<std::int64_t>(tasks);
  before_ = register_buffer("before", torch::full({count, values}, initial, torch::kFloat64));
  now_ = register_buffer("now", torch::full({count, values}, initial, torch::kFloat64));
  step_ = register_buffer("step", torch::full({count}, -1, torch::kInt64));
}

torch::Tensor StepAverage::start_step(std::size_t task, std::int64_t step) {
  const torch::NoGradGuard no_grad;
  const auto row = static_cast<std::int64_t>(task);
  torch::Tensor before = before_[row], last = step_[row];
  before.copy_(at::where(last < step, now_[row], before));
  last.fill_(step);
  return before.clone();
}

void StepAverage::set(std::size_t task, const torch::Tensor& values) {
  const torch::NoGradGuard no_grad;
  now_[static_cast<std::int64_t>(task)].copy_(values.detach());
}

torch::Tensor StepAverage::latest(std::size_t task) const {
  const auto row = static_cast<std::int64_t>(task);
  return step_[row].item<std::int64_t>() < 0 ? torch::Tensor() : now_[row];
}

}  // namespace infomtl
