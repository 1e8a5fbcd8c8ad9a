#pragma once
// Search: settings of several methods on one experiment, each with the same budget, chosen on validation alone.
//
//   const Search search = run_search("configs/experiments/search_quick.json", {.output = "runs/search"});
//   std::puts(search.table().c_str());          // then: infomtl compare runs/search/best/comparison.json

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/runs/experiment.h"
#include "infomtl/study/search_space.h"

namespace infomtl {

/// What a trial had reached when it had trained so many epochs from its start.
struct SearchRung {
  std::int64_t epochs = 0;
  double score = 0;                ///< validation average, mean over the seeds, higher is better; NaN: training failed
  std::int64_t cost_examples = 0;  ///< trained on since the rung before, over the seeds
};

struct SearchTrial {
  TrialSettings settings = {};
  std::vector<SearchRung> rungs = {};
};

struct SearchedMethod {
  std::string name = {};
  std::vector<SearchTrial> trials = {};  ///< a trial's id is its place
  std::optional<std::size_t> best = {};  ///< none before the first score
  std::int64_t cost_examples = 0;
  double cost_share = 0;  ///< of the epochs that all trials would take to the end, in [0, 1]
};

struct Search {
  std::vector<SearchedMethod> methods;
  std::string budget;     ///< in words, for the table
  bool percent = true;    ///< scores of metrics that rise with quality, which tables show in percent
  bool finished = false;  ///< nothing is left to train

  /// search.json, format 1.
  INFOMTL_API Json to_json() const;
  /// The trials of each method, best first, and what they cost.
  INFOMTL_API std::string table() const;
  /// A line on how far it is: "EW: 3 of 4 trials scored, 31.0 % of training all to the end, best 61.20; InfoMTL: ...".
  INFOMTL_API std::string progress() const;
};

/// Runs a search, or goes on with one; several processes may work on one folder (empty: runs/<config name>). Every trial
/// is built and checked before the first trains. A trial trains under each seed in <method>/trial-<id>/seed-<n>, to a rung
/// at a time; the test split is never scored. Writes search.json and table.txt after each run of a rung; at the end
/// best/<method>.json, the method's file with the best settings, and best/comparison.json for run_comparison(), which
/// refuses the seeds of the search. Ends early when `stop` is set.
///
/// The config is described in configs/README.md, "Search".
/// @param run  overrides, output and progress are read
/// @throws ConfigError, DataError, FormatError, IoError, UserError as Experiment::from_config; UserError where the folder
/// holds another search
INFOMTL_API Search run_search(const std::filesystem::path& config, const ExperimentOptions& run,
                              const std::atomic<bool>* stop = nullptr);

}  // namespace infomtl
