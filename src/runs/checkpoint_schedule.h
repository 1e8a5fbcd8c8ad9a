#pragma once
// Checkpoint schedule: when a run saves itself between the ends of epochs, and how many checkpoints it keeps.

#include <chrono>
#include <cstdint>

#include "infomtl/core/config.h"

namespace infomtl {

/// "training.checkpoint_every": 500 (steps), {"minutes": 10} or {"epochs": 0.25}; "training.keep": 3.
struct CheckpointSettings {
  std::int64_t steps = 0;  ///< one of the three, or none: at the ends of epochs only
  double minutes = 0;
  double epochs = 0;
  std::int64_t keep = 0;  ///< the latest so many stay as copies in folders of their own, beside `last` and `best`

  /// @param training  the config's object @throws ConfigError
  static CheckpointSettings read(const Config& training);
  bool between_epochs() const { return steps > 0 || minutes > 0 || epochs > 0; }
};

class CheckpointSchedule {
 public:
  CheckpointSchedule(const CheckpointSettings& settings, std::int64_t steps_per_epoch);

  /// Whether the run is to be saved after so many steps; minutes count from the last time that it was so.
  bool due(std::int64_t steps_done);

 private:
  std::int64_t every_ = 0;  // steps
  double minutes_ = 0;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

}  // namespace infomtl
