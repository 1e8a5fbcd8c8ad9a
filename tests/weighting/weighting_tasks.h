#pragma once
// Tasks of an experiment, as a weighting is told of them: t0, t1, ... with 100, 200, ... training rows.

#include <memory>
#include <string>
#include <vector>

#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl::testing {

inline WeightingContext weighting_tasks(std::size_t count, bool joint = true) {
  WeightingContext tasks;
  for (std::size_t t = 0; t < count; ++t) {
    tasks.names.push_back("t" + std::to_string(t));
    tasks.train_rows.push_back(100 * (static_cast<std::int64_t>(t) + 1));
  }
  tasks.regime = joint ? Regime::joint : Regime::alternating;
  return tasks;
}

/// Texts that `count` tasks label: text i has the features (i + 1) e_i, and task t the value 1 for text t, else 0.
inline std::vector<TaskInputs> shared_inputs(std::size_t count) {
  const auto n = static_cast<std::int64_t>(count);
  const torch::Tensor features = torch::arange(1, n + 1, torch::kFloat32).diag(), labels = torch::eye(n);
  std::vector<TaskInputs> tasks;
  for (std::int64_t t = 0; t < n; ++t) {
    tasks.push_back({.kind = TaskKind::regression, .outputs = 1, .features = features, .labels = labels[t]});
  }
  return tasks;
}

/// The weighting as a run begins with it.
inline std::shared_ptr<GradientWeighting> begun(std::shared_ptr<GradientWeighting> weighting, std::size_t count) {
  if (weighting->needs_features()) weighting->begin(shared_inputs(count));
  return weighting;
}

}  // namespace infomtl::testing
