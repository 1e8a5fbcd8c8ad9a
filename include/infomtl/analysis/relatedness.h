#pragma once
// Relatedness: every measure of how the tasks of some runs relate, side by side, what the measures say of each other, and
// which tasks to train together.
//
//   Relatedness found = relatedness({"runs/pairs"});
//   std::fputs(found.table().c_str(), stdout);
//   write_file_atomically("relatedness.svg", found.svg());
//
// Letters: T tasks.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/analysis/relatedness_measure.h"
#include "infomtl/analysis/task_grouping.h"
#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/metrics/statistics.h"

namespace infomtl {

/// How alike two measures order the pairs of tasks: ordered pairs where both are directed, else unordered ones, a directed
/// measure being the mean of both directions.
struct MeasureCorrelation {
  std::string first, second;
  RankCorrelation value;
};

struct RelatednessSettings {
  std::string split = "validation";        ///< of scores and of covariances: "validation" or "test"
  std::int64_t draws = 20;                 ///< pairs of batches per run for gradient cosines; 0: none
  std::int64_t rows = 32;                  ///< of a task in such a batch
  std::filesystem::path data_folder = {};  ///< where the data lie now, as TrainedRun::load() takes it; empty: as before
};

struct Relatedness {
  std::vector<std::string> tasks;
  std::vector<RelatednessMeasure> measures;
  std::vector<std::string> left_out;  ///< measures that could not be had and runs that were not read, with the reason
  std::vector<std::string> unread;  ///< runs that should have been looked at, but whose checkpoint or data are missing
  std::vector<MeasureCorrelation> correlations;
  std::optional<TaskGroups> groups;  ///< by transfer gain; none without it

  /// relatedness.json, format 1; what is not known is null.
  INFOMTL_API Json to_json() const;
  /// In words, a measure that an earlier relatedness.json of the same tasks has and this does not, with the reason; empty
  /// where it has none, or is of other tasks. @throws FormatError without the file's name
  INFOMTL_API std::string loss_against(const Json& earlier) const;
  /// Tables for the terminal.
  INFOMTL_API std::string table() const;
  /// The measures as heat maps, one picture.
  INFOMTL_API std::string svg() const;
};

/// Called with a run or config before it is looked at (draw 0), and before each draw of its gradients, from 1.
using RelatednessProgress = std::function<void(std::string_view model, std::int64_t draw)>;

/// Of each pair of measures, where they have three pairs of tasks in common.
INFOMTL_API std::vector<MeasureCorrelation> correlations_of(const std::vector<RelatednessMeasure>& measures);

/// Looks for finished runs in the folders given and below: runs, seeds, comparisons, folders of such; a file is the config of a
/// model before its first step.
///
/// - covariance similarity and gradient cosine: of the runs of one config that have all tasks and share an encoder
/// - transfer gain: score of a run of two tasks minus that of a run of one, over the seeds that both have
/// - learned weights: what results.json says of task similarities and weights
/// - influence: what `infomtl influence` wrote into runs
/// - label dependence: of tasks of single classes that label the same training texts
/// @throws UserError where there is no run and no config, or fewer than two tasks; what reading runs and data throws
INFOMTL_API Relatedness relatedness(const std::vector<std::filesystem::path>& paths,
                                    const RelatednessSettings& settings = {}, const RelatednessProgress& progress = {});

}  // namespace infomtl
