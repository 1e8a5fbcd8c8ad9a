#pragma once
// Comparison: several methods on one experiment, each under the same seeds, in one table.
//
//   auto done = run_comparison("configs/experiments/main_table.json", {.seeds = {0, 1, 2}}, {.output = "runs/main"});
//   std::puts(done.table().c_str());

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/runs/experiment.h"
#include "infomtl/runs/summary.h"

namespace infomtl {

/// Results of several methods; the first is the baseline unless `baseline` names another.
struct Comparison {
  std::vector<std::pair<std::string, Summary>> methods;
  std::size_t baseline = 0;

  /// comparison.json: the summary of each method, and its paired difference to the baseline on the test split.
  INFOMTL_API Json to_json() const;
  /// Methods x tasks on the test split (validation where there is no test): mean +- standard deviation of the scores in
  /// percent, their average, and against the baseline over the seeds both have: the paired difference of the averages
  /// (mean +- standard deviation), its two-sided p by Student's t-test, and delta_p (InfoMTL, arXiv 2503.04667, section
  /// 4).
  INFOMTL_API std::string table() const;
};

struct ComparisonOptions {
  std::vector<std::uint64_t> seeds = {};  ///< empty: the config's
};

/// Trains every method of a comparison config under every seed, one run folder <method>/seed-<n> below `output` (empty:
/// runs/<config name>). Finished runs are kept, broken-off ones continue. Every method's config is read and checked
/// before the first trains. Writes comparison.json and table.txt there after each run. Ends early when `stop` is set.
///
/// The config: {"experiment": FILE, "methods": [FILE, ...], "baseline": name of a method's file without .json (default:
/// the first), "seeds": [0, 1, 2],
/// "refused_seeds": [100] (those that chose the settings; none of them is trained)}. A run's config is the experiment's with the method's on top, then `overrides`.
/// @param run  overrides, output and progress are read
/// @throws ConfigError, DataError, FormatError, IoError, UserError as Experiment::from_config
INFOMTL_API Comparison run_comparison(const std::filesystem::path& config, const ComparisonOptions& options,
                                      const ExperimentOptions& run, const std::atomic<bool>* stop = nullptr);

}  // namespace infomtl
