#pragma once
// The gradient of a whole step, encoder included, against central differences along random directions, in float64.

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "infomtl/step/step_gradients.h"
#include "step/small_run.h"

namespace infomtl::testing {

/// [P] the gradient of the tasks' losses weighed by `weights` [T]; `value` gets the sum of the losses' terms.
inline Tensor step_gradient(const SmallRun& run, FlatParameters& flat, const std::vector<StepBatch>& micros,
                            const Tensor& weights, double* value = nullptr) {
  StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7},
                      .parameters = &flat};
  flat.zero_gradients();
  StepGradients step(std::move(context), micros);
  step.apply_weights(weights, {});
  for (const std::vector<TermSum>& terms : step.terms()) {
    for (const TermSum& term : terms) {
      if (value != nullptr) *value += term.weight * term.sum.item<double>() / term.count;
    }
  }
  return flat.gradients().clone();
}

/// For the encoder's parameters, then for those of the tasks: a random direction's derivative within 1e-5 of the difference.
/// The model is float64. @param smooth  whether a parameter's gradient is that of the value
inline void expect_directional_derivatives(
    const SmallRun& run, FlatParameters& flat, const std::vector<StepBatch>& micros,
    const std::function<bool(const std::string&)>& smooth = [](const std::string&) { return true; }) {
  const Tensor ones = torch::ones({static_cast<std::int64_t>(run.tasks.size())});
  const auto value = [&] {
    double sum = 0;
    step_gradient(run, flat, micros, ones, &sum);
    return sum;
  };
  const Tensor gradient = step_gradient(run, flat, micros, ones);
  at::Generator generator = at::detail::createCPUGenerator(5);
  for (const ParameterPart part : {ParameterPart::encoder, ParameterPart::shared, ParameterPart::task}) {
    Tensor direction = torch::zeros_like(flat.values());
    bool any = false;
    for (const FlatSlot& slot : flat.slots()) {
      if (slot.part != part || !smooth(slot.name)) continue;
      direction.slice(0, slot.begin, slot.end).normal_(0, 1, generator);
      any = true;
    }
    if (!any) continue;
    const double expected = gradient.dot(direction).item<double>(), h = 1e-5;
    flat.values().add_(direction, h);
    const double above = value();
    flat.values().add_(direction, -2 * h);
    const double below = value();
    flat.values().add_(direction, h);
    EXPECT_GT(std::abs(expected), 1e-4);
    EXPECT_NEAR((above - below) / (2 * h) / expected, 1.0, 1e-5) << static_cast<int>(part);
  }
}

}  // namespace infomtl::testing
