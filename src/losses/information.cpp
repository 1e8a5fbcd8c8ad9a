#include "infomtl/losses/information.h"

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/gaussian.h"
#include "losses/counted_items.h"
#include "losses/step_average.h"

namespace infomtl {

Information::Information(Settings settings, const TermContext& context) : settings_(settings) {
  for (const Task& task : context.tasks) tasks_.push_back(task.name);
  average_ = register_module("average", std::make_shared<StepAverage>(tasks_.size(), 3, 0.0));
}

LossValue Information::compute(TaskStep& step) {
  const Prediction& prediction = step.prediction();
  if (!prediction.mean.defined()) throw StateError("information: the task's head is not gaussian");
  const LossValue nothing = no_items(prediction.mean.detach());
  if (count(step.batch()) == 0) return nothing;
  const auto [lower, upper] = ops::conditional_information(prediction.output, prediction.mean, prediction.log_variance);
  // The averages start at 0; the third one, of ones, is what they are divided by: bias correction like Adam's moments.
  const Tensor now = at::stack({lower, upper, at::ones_like(upper)}).to(torch::kFloat64);
  const Tensor before = average_->before(step.task_index(), step.step());
  if (step.records()) {
    average_->record(step.task_index(), step.step(), settings_.momentum * before + (1 - settings_.momentum) * now);
  }
  return over_items(nothing.sum, count(step.batch()));
}

std::vector<std::pair<std::string, double>> Information::diagnostics() const {
  std::vector<std::pair<std::string, double>> found;
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    const Tensor seen = average_->latest(t);
    if (!seen.defined()) continue;
    found.emplace_back(tasks_[t] + "/lower", (seen[0] / seen[2]).item<double>());
    found.emplace_back(tasks_[t] + "/upper", (seen[1] / seen[2]).item<double>());
  }
  return found;
}

}  // namespace infomtl
