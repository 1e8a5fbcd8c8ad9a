#pragma once
// Tasks of an experiment, as a weighting is told of them: t0, t1, ... with 100, 200, ... training rows.

#include <string>

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

}  // namespace infomtl::testing
