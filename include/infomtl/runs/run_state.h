#pragma once
// Run state: where a run folder stands, seen from outside; for whoever shares runs out among processes.
//
//   if (run_state("runs/main/infomtl/seed-3") == RunState::open) ...     // free to be trained or to go on

#include <cstdint>
#include <filesystem>
#include <optional>

#include "infomtl/core/errors.h"
#include "infomtl/core/export.h"
#include "infomtl/runs/results.h"

namespace infomtl {

enum class RunState {
  open,      ///< nothing is there yet, or a run that was broken off
  busy,      ///< a process trains in it
  finished,  ///< it has results
};

/// Looks and changes nothing. The answer may be old as soon as it is there: a process that goes by it must still be
/// ready for RunBusyError.
INFOMTL_API RunState run_state(const std::filesystem::path& folder);

/// The results of a finished run; of one that ended after `stop_after_epochs` epochs (ExperimentOptions) where that isn't 0.
/// @throws FormatError
INFOMTL_API std::optional<Results> finished_results(const std::filesystem::path& folder,
                                                    std::int64_t stop_after_epochs = 0);

/// Removes what a run needs to go on, and to be evaluated: config, log and results stay. A run that is busy is left as it
/// is.
INFOMTL_API void remove_checkpoints(const std::filesystem::path& folder);

/// Another process trains in the run folder.
class INFOMTL_API RunBusyError : public UserError {
 public:
  using UserError::UserError;
};

}  // namespace infomtl
