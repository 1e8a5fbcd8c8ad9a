#pragma once
// Step interval: how often something is done within training, in steps or in shares of an epoch.
//
//   TrainerSettings settings{.evaluate_every = {.steps = 500}};
//   TrainerSettings settings{.evaluate_every = {.epochs = 0.25}};     // in a config: {"epochs": 0.25}

#include <cstdint>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

class Config;

struct INFOMTL_API StepInterval {
  std::int64_t steps = 0;  ///< counted from the beginning of the run; 0: see epochs
  double epochs = 0;       ///< share of an epoch, counted from its beginning; 0: never

  bool given() const { return steps > 0 || epochs > 0; }
  /// Whether so many steps of the run end an interval: with shares, the first step at or behind each multiple.
  bool due(std::int64_t steps_done, std::int64_t steps_per_epoch) const;

  /// A config's field: 500, {"steps": 500} or {"epochs": 0.25}; none where it is missing. @throws ConfigError
  static StepInterval read(const Config& config, std::string_view key);
};

}  // namespace infomtl
