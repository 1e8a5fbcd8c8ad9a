#pragma once
// Run plan: whether a config asks for one model of all tasks or for one per task.

#include "infomtl/core/config.h"
#include "infomtl/core/export.h"

namespace infomtl {

/// How many models a config asks for, and the config of each: its regime is that of the steps.
struct INFOMTL_API RunPlan {
  bool single;
  Config config;

  /// @throws ConfigError for an unknown regime
  static RunPlan of(const Config& config);
};

}  // namespace infomtl
