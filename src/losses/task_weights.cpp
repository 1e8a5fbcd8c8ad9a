#include "losses/task_weights.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "infomtl/core/errors.h"
#include "infomtl/ops/device_copy.h"

namespace infomtl {

void TaskPriorSettings::fields(FieldVisitor& f) {
  f.choice(
      "prior", prior, ops::task_prior_names(),
      "combine: the moments of the weighted sum of the other tasks' posteriors (the paper); mixture_bound: a bound on "
      "the KL to their mixture; standard: N(0, I)");
  f.field("temperature_from", temperature_from, "temperature of the Gumbel-softmax at the first step", above(0));
  f.field("temperature_to", temperature_to,
          "the same from temperature_steps on, not above the first; exponential between", above(0));
  f.field("temperature_steps", temperature_steps, "optimiser steps over which the temperature falls", at_least(1));
  f.field("learning_rate", learning_rate, "peak rate of the weights' logits; 0: the optimiser's", at_least(0));
  f.only_where(prior != "standard", {"temperature_from", "temperature_to", "temperature_steps", "learning_rate"},
               "\"prior\" is another than \"standard\"");
}

TaskWeights::TaskWeights(const TaskPriorSettings& settings, std::vector<std::size_t> members, std::size_t tasks)
    : prior_(members.size() < 2 ? ops::TaskPrior::standard : ops::task_prior(settings.prior)),
      members_(std::move(members)),
      tasks_(static_cast<std::int64_t>(tasks)),
      temperature_(
          Schedule::exponential(settings.temperature_from, settings.temperature_to, settings.temperature_steps)) {
  if (settings.temperature_to > settings.temperature_from) {
    throw ConfigError("temperature_to " + std::to_string(settings.temperature_to) + " is above temperature_from " +
                      std::to_string(settings.temperature_from) + "; it falls over the steps");
  }
  if (prior_ == ops::TaskPrior::standard) return;
  step_ = register_buffer("step", at::zeros({}, torch::kInt64));
  const auto count = static_cast<std::int64_t>(members_.size());
  if (count > 2) logits_ = register_parameter("logits", at::zeros({count, count - 1}));
}

std::vector<std::size_t> TaskWeights::others(std::size_t task) const {
  std::vector<std::size_t> found = members_;
  found.erase(std::remove(found.begin(), found.end(), task), found.end());
  return found;
}

Tensor TaskWeights::logits_of(std::size_t task) const {
  return logits_[std::find(members_.begin(), members_.end(), task) - members_.begin()];
}

Tensor TaskWeights::draw(TaskStep& step, std::string_view purpose) {
  if (step.records()) {
    const torch::NoGradGuard no_grad;
    step_.fill_(step.step());
  }
  ops::TensorRandom random = step.random(purpose);
  if (!logits_.defined()) return at::ones({1}, at::TensorOptions().device(random.device()));
  const Tensor logits = logits_of(step.task_index());
  const Tensor uniform = ops::copied_to(at::rand(logits.sizes(), random.generator(), at::kDouble), logits.device());
  return ops::gumbel_softmax(logits, ops::gumbel_noise(uniform).to(logits.scalar_type()), temperature_.at(step.step()));
}

Tensor TaskWeights::matrix() const {
  if (prior_ == ops::TaskPrior::standard) return {};
  const torch::NoGradGuard no_grad;
  Tensor found = at::zeros({tasks_, tasks_}, torch::kFloat64);
  for (const std::size_t task : members_) {
    const Tensor weights = logits_.defined() ? logits_of(task).to(torch::kCPU, torch::kFloat64).softmax(0)
                                             : at::ones({1}, torch::kFloat64);
    std::int64_t next = 0;
    for (const std::size_t other : others(task)) {
      found[static_cast<std::int64_t>(task)][static_cast<std::int64_t>(other)] = weights[next++];
    }
  }
  return found;
}

std::vector<std::pair<std::string, double>> TaskWeights::diagnostics() const {
  const Tensor weights = matrix();
  if (!weights.defined()) return {};
  return {{"temperature", temperature_.at(step_.item<std::int64_t>())},
          {"largest_weight", weights.max().item<double>()}};
}

}  // namespace infomtl
