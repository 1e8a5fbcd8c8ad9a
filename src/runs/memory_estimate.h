#pragma once
// Memory estimate: what a run will take at its peak, from sizes alone.

#include <string>

#include "infomtl/data/dataset_report.h"
#include "infomtl/model/multi_task_model.h"
#include "runs/run_config.h"

namespace infomtl {

struct MemoryEstimate {
  double bytes = 0;
  std::string text;  ///< one line with the sum and its parts
};

/// Counted are the program; values, gradients and two moments of the parameters;
/// what the largest kind of step keeps for its backward pass, in every dropout view; the tasks' gradients, for
/// weightings that compare them; texts and token ids. @throws ConfigError
MemoryEstimate memory_estimate(const RunConfig& run, const MultiTaskModel& model, const DatasetReport& data);

}  // namespace infomtl
