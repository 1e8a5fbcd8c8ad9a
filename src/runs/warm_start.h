#pragma once
// Warm start: a run that begins with what another one learned.

#include <filesystem>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {

/// "start": "runs/first", or {"run": "runs/first", "parts": ["encoder"]}.
struct StartSettings {
  std::filesystem::path run;  ///< a run folder, whose best checkpoint counts, or one of its checkpoints; empty: none
  std::vector<std::string> parts = {"encoder", "architecture", "heads"};

  /// @param config  the whole config @throws ConfigError
  static StartSettings read(const Config& config);
};

/// The checkpoint that it means. @throws UserError, IoError where there is none; as run_place()
std::filesystem::path start_checkpoint(const StartSettings& start);

/// Copies these parts of the run's model over those of a fresh one: heads go by the names of their tasks, an architecture's
/// parts by their own where the runs have the same tasks. What is not there stays as it was drawn. The log says what was
/// taken and what was not.
/// @throws UserError for another encoder, or a task of the same name with other labels or another head; as run_place()
void start_from(const StartSettings& start, const MultiTaskModel& model);

}  // namespace infomtl
