#pragma once
// Tasks of a few rows for tests of influence.

#include <ATen/ATen.h>

#include <numeric>
#include <string>
#include <vector>

#include "infomtl/analysis/influence.h"
#include "support/normal.h"

namespace infomtl::testing {

/// Rows whose class follows from the features, with noise; numbers are 101, 102, ...
inline InfluenceTask influence_task(const std::string& name, std::uint64_t seed, std::int64_t rows = 40,
                                    std::int64_t classes = 2, std::int64_t width = 6) {
  const torch::Tensor direction = normal({width, classes}, seed);
  const auto labels = [&](const torch::Tensor& features, std::uint64_t noise) {
    return (features.mm(direction) + 0.5 * normal({features.size(0), classes}, noise)).argmax(1);
  };
  InfluenceTask task;
  task.name = name;
  task.outputs = classes;
  task.features = normal({rows, width}, seed + 10);
  task.labels = labels(task.features, seed + 20);
  task.numbers.resize(static_cast<std::size_t>(rows));
  std::iota(task.numbers.begin(), task.numbers.end(), 101);
  task.validation_features = normal({30, width}, seed + 30);
  task.validation_labels = labels(task.validation_features, seed + 40);
  return task;
}

inline std::vector<InfluenceTask> influence_tasks() {
  return {influence_task("hate", 1), influence_task("irony", 2, 32), influence_task("anger", 3, 48)};
}

}  // namespace infomtl::testing
