#pragma once
// Progress: where a run stands, as its checkpoints keep it.

#include <cstdint>
#include <limits>

#include "infomtl/core/json.h"
#include "infomtl/train/training_cost.h"

namespace infomtl {

struct Progress {
  static constexpr double kNoScore = -std::numeric_limits<double>::infinity();

  TrainingCost cost;
  std::int64_t epoch = 0;
  bool epoch_ended = false;  ///< its last step was done, its evaluation was not
  double best_score = kNoScore;
  std::int64_t best_epoch = -1, epochs_without_improvement = 0;
  bool stopped_early = false;

  Json to_json() const;
  /// @throws nlohmann's exceptions for what is missing or of another type
  static Progress from_json(const Json& json);
};

}  // namespace infomtl
