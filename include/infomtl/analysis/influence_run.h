#pragma once
// Influence of a run: the rows of a trained run as its frozen encoder sees them, and what influence_of() finds in them.
//
//   const InfluenceReport report = influence_of_run("runs/first", {.settings = {.shared = "adapter:32"}});
//
// RUN/influence/ holds what was found: influence.json, rows.csv, and the finished stages (features, parameters, inverse), each
// with a fingerprint of what it follows from: a second call with the same settings goes on from there.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "infomtl/analysis/influence.h"
#include "infomtl/analysis/influence_report.h"
#include "infomtl/core/export.h"

namespace infomtl {

struct InfluenceRequest {
  InfluenceSettings settings = {};
  std::filesystem::path data_folder = {};  ///< where the data lie now, as TrainedRun::load() takes it; empty: as before
  std::int64_t leave_one_out = 0;          ///< rows; 0: no such check
  std::int64_t subsets = 0;                ///< halves of the rows; 0: no such check
  double mislabel = 0;                     ///< share of the labels; 0: no such check
  std::string target = {};                 ///< task that rows are to be chosen for; one of those looked at, or empty
};

/// A request that is refused leaves the run as it was, whatever of it can be known early or late.
/// @param hooks  progress and stop; what is kept is this function's to say
/// @throws UserError where the run has no best
/// checkpoint, one model per task, another process is at it, where `run` is one of its checkpoints, or as influence_of();
/// InfluenceStopped
INFOMTL_API InfluenceReport influence_of_run(const std::filesystem::path& run, const InfluenceRequest& request,
                                             const InfluenceHooks& hooks = {});

}  // namespace infomtl
