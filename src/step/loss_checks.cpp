#include "infomtl/step/loss_checks.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {
namespace {

/// "; parameter ... is not finite" for the first such one, where there is any.
std::string bad_parameter(const MultiTaskModel* model, const Objective* objective) {
  const auto first = [](const torch::nn::Module* module) {
    if (module == nullptr) return std::string();
    for (const auto& parameter : module->named_parameters()) {
      if (!at::isfinite(parameter.value()).all().item<bool>()) return parameter.key();
    }
    return std::string();
  };
  std::string name = first(model);
  if (name.empty()) name = first(objective);
  return name.empty() ? "" : "; parameter \"" + name + "\" is not finite";
}

}  // namespace

void LossChecks::add(const ForwardContext& context, const TaskLoss& loss, const TaskStep& step, const char* what) {
  if (!loss.value.defined()) return;
  std::vector<TermPart> parts = loss.parts;
  for (TermPart& part : parts) part.sum = part.sum.detach();  // what is looked at later holds no graph
  losses_.push_back({.place = "step " + std::to_string(step.step() + 1) + ", task \"" + step.task().name + "\"",
                     .what = what,
                     .value = loss.value.detach(),
                     .parts = std::move(parts),
                     .model = context.model,
                     .objective = context.objective});
}

Tensor LossChecks::sum(const Tensor& also) const {
  Tensor sum = also;
  for (const Unseen& loss : losses_) {
    const Tensor value = loss.value.to(torch::kFloat64);
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

bool LossChecks::finite(const Tensor& also) {
  const Tensor all = sum(also);
  if (all.defined() && !at::isfinite(all).item<bool>()) return false;
  losses_.clear();
  return true;
}

void LossChecks::throw_first() const {
  for (const Unseen& loss : losses_) {
    if (at::isfinite(loss.value).item<bool>()) continue;
    for (const TermPart& part : loss.parts) {
      if (at::isfinite(part.sum).item<bool>()) continue;
      const auto value = part.sum.item<double>();
      throw NonFiniteError(loss.place + ", " + loss.what + " \"" + part.term +
                           "\": " + (std::isnan(value) ? "nan" : std::to_string(value)) +
                           bad_parameter(loss.model, loss.objective));
    }
    throw NonFiniteError(loss.place + ": the weighted " + loss.what + " is not finite" +
                         bad_parameter(loss.model, loss.objective));
  }
}

void LossChecks::check() {
  if (!finite({})) throw_first();
}

}  // namespace infomtl
