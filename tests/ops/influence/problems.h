#pragma once
// Small problems of influence functions: tasks with random rows, and their minima.

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "infomtl/ops/influence/arrow.h"
#include "infomtl/ops/influence/shared_objective.h"
#include "infomtl/ops/minimize.h"
#include "support/normal.h"

namespace infomtl::testing {

/// Rows whose labels follow from the features, with noise; a function of all arguments.
inline ops::LabelledFeatures influence_rows(ops::OutputLoss loss, std::int64_t rows, std::int64_t width,
                                            std::int64_t outputs, std::uint64_t seed) {
  ops::LabelledFeatures task{.loss = loss, .outputs = outputs, .features = normal({rows, width}, seed), .labels = {}};
  const torch::Tensor noisy =
      task.features.mm(normal({width, outputs}, seed + 100)) + normal({rows, outputs}, seed + 200);
  if (loss == ops::OutputLoss::cross_entropy) task.labels = noisy.argmax(1);
  if (loss == ops::OutputLoss::binary_cross_entropy) task.labels = (noisy > 0).to(torch::kFloat32);
  if (loss == ops::OutputLoss::squared_error) task.labels = noisy.squeeze(1).contiguous();
  return task;
}

inline torch::Tensor minimum_of(const ops::SharedObjective& objective, std::uint64_t seed = 1) {
  const auto function = [&](const torch::Tensor& w) {
    ops::ValueAndGradient at = objective.value_and_gradient(w);
    return std::pair(at.value, at.gradient);
  };
  return ops::minimize(function, objective.start(seed), {.tolerance = 1e-11, .iterations = 20'000}).point;
}

/// The minimum of a quadratic objective, in closed form: one Newton step.
inline torch::Tensor quadratic_minimum(const ops::SharedObjective& objective) {
  const torch::Tensor start = torch::zeros({objective.places().total}, torch::kFloat64);
  const ops::ArrowInverse inverse(ops::arrow_blocks(objective, start, ops::Curvature::hessian));
  return -inverse.times(objective.value_and_gradient(start).gradient.unsqueeze(0)).squeeze(0);
}

/// All of an objective's curvature as one matrix [P, P].
inline torch::Tensor dense_curvature(const ops::SharedObjective& objective, const torch::Tensor& w,
                                     ops::Curvature curvature) {
  return objective.curvature_product(w, torch::eye(objective.places().total, torch::kFloat64), curvature);
}

}  // namespace infomtl::testing
