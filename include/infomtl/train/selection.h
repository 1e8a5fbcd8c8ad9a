#pragma once
// Selection: which evaluation is the best one, and when training stops looking for a better.
//
//   TrainerSettings settings{.epochs = 20, .selection = {.monitor = "average", .patience = 3}};

#include <cstdint>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"

namespace infomtl {

/// Why a selection on the test split is refused.
inline constexpr const char* kNotTheTestSplit = "the test split cannot be used for model selection; use \"validation\"";

/// When and on what the best evaluation is chosen. Where training has phases, only evaluations in the last one can be chosen or
/// count against the patience: before it the method is not whole.
struct INFOMTL_API SelectionSettings {
  std::string monitor =
      "average";  ///< "average" (mean of the tasks' metrics), "loss", "last" (no choice), or a task's name
  std::string split = "validation";  ///< "train" or "validation"; "test" is refused
  std::int64_t patience = 0;         ///< evaluations without improvement before stopping; 0: never
  /// Chooses each task's own best by its own metric, too; then any task's improvement counts as one.
  bool per_task = false;
  void fields(FieldVisitor& f);
};

}  // namespace infomtl
