#pragma once
// The gradient of a whole step, encoder included, against central differences along random directions, in float64.

#include <ATen/CPUGeneratorImpl.h>

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

/// Which parameters have a gradient that is the value's, by name.
using SmoothParameters = std::function<bool(const std::string&)>;

/// For the encoder's parameters, those of the architecture that are shared, then those of the tasks: the derivative along a
/// random direction is within 1e-5 of the central difference. All in float64. @param gradient [P] of value()
inline void expect_directional_derivatives(
    FlatParameters& flat, const Tensor& gradient, const std::function<double()>& value,
    const SmoothParameters& smooth = [](const std::string&) { return true; }) {
  at::Generator generator = at::detail::createCPUGenerator(5);
  for (const ParameterPart part : {ParameterPart::encoder, ParameterPart::shared, ParameterPart::task}) {
    Tensor direction = torch::zeros_like(flat.values());
    for (const FlatSlot& slot : flat.slots()) {
      if (slot.part != part || !smooth(slot.name)) continue;
      direction.slice(0, slot.begin, slot.end).normal_(0, 1, generator);
    }
    if (direction.abs().max().item<double>() == 0) continue;
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

/// The same of the summed losses of a step.
inline void expect_directional_derivatives(
    const SmallRun& run, FlatParameters& flat, const std::vector<StepBatch>& micros,
    const SmoothParameters& smooth = [](const std::string&) { return true; }) {
  const Tensor ones = torch::ones({static_cast<std::int64_t>(run.tasks.size())});
  const auto value = [&] {
    double sum = 0;
    step_gradient(run, flat, micros, ones, &sum);
    return sum;
  };
  expect_directional_derivatives(flat, step_gradient(run, flat, micros, ones), value, smooth);
}

}  // namespace infomtl::testing
