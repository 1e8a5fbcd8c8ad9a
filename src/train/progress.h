#pragma once
// Progress: where a run stands, as its checkpoints keep it.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "infomtl/core/json.h"
#include "infomtl/train/best_evaluation.h"
#include "infomtl/train/training_cost.h"

namespace infomtl {

struct Progress {
  TrainingCost cost;
  std::int64_t epoch = 0;
  bool epoch_ended = false;  ///< its last step was done, its evaluation was not
  BestEvaluation best;
  std::vector<BestEvaluation> task_bests;  ///< of each task; empty where none is chosen per task
  std::int64_t evaluations_without_improvement = 0;
  bool stopped_early = false;

  Json to_json() const;
  /// @throws nlohmann's exceptions for what is missing or of another type; FormatError, without the file's name, for a count
  /// below 0 and rows of another number of tasks
  static Progress from_json(const Json& json, std::size_t tasks);
};

}  // namespace infomtl
