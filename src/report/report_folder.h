#pragma once
// Report folder: what a folder of runs is, and everything that a report reads of it.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/comparison_record.h"
#include "report/relatedness_record.h"
#include "report/run_record.h"
#include "report/search_record.h"

namespace infomtl::report {

/// Runs that stand in one table: a comparison's cell, the seeds of a config, a run, or a search.
struct ReportPart {
  std::string title;                 ///< "" where the folder has one part only
  std::vector<std::string> notices;  ///< what is missing or could not be read, in words
  std::vector<MethodRuns> methods;
  ComparisonRecord scores;  ///< of one cell, its methods in the order of `methods` where they are scored; or of none
  std::vector<ComparisonRecord> other_splits;  ///< scores of the same runs on further splits
  std::optional<SearchRecord> search;

  /// The scores of a method, or null while no run of it is finished.
  const MethodScores* scores_of(const std::string& key) const;
  const ComparisonCell* cell() const { return scores.cells.empty() ? nullptr : &scores.cells.front(); }
  std::size_t run_count() const;
  /// Fills the scores from the runs, where no comparison gives them.
  void score_runs();
};

struct ReportFolder {
  std::string title;                           ///< the folder's name
  std::string kind;                            ///< what it is, as a sentence
  std::optional<ComparisonRecord> cells;       ///< a comparison of several cells, as a whole
  std::vector<RelatednessRecord> relatedness;  ///< of the folder, or of those in it
  std::vector<ReportPart> parts;
};

/// @throws UserError for a folder that is not there or holds nothing to show; as html_report
ReportFolder read_report_folder(const std::filesystem::path& folder);

}  // namespace infomtl::report
