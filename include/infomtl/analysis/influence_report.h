#pragma once
// Influence report: what influence_of() and its checks found, as JSON, as rows and for the terminal.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/analysis/influence.h"
#include "infomtl/analysis/influence_checks.h"
#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

struct InfluenceReport {
  InfluenceSettings settings;
  InfluenceResult result;
  std::optional<LeaveOneOutCheck> leave_one_out = {};
  std::vector<SubsetScore> subset_scores = {};
  std::vector<MislabelScore> mislabel_scores = {};
  std::int64_t subsets = 0;
  double mislabelled = 0;  ///< share of the labels that were flipped for mislabel_scores
  std::int64_t peak_memory_bytes = 0;

  /// "settings", "tasks", "parameters", "stationary_point", "backend", "task_to_task" with "tasks" and "matrix" (sources are
  /// rows, targets columns; positive: harmful), "checks", "warnings", "notes", "seconds", "peak_memory_bytes".
  INFOMTL_API Json json() const;
  /// A line per training row: task, its number, and its influence on each task, nine digits.
  INFOMTL_API std::string csv() const;
  /// Task to task, the most harmful rows of each task, the checks. @param worst  rows shown per task
  INFOMTL_API std::string table(std::size_t worst = 5) const;
};

INFOMTL_API Json to_json(const InfluenceSettings& settings);

}  // namespace infomtl
