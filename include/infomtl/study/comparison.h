#pragma once
// Comparison: several methods on one experiment, each under the same seeds, in one table with intervals and adjusted
// paired tests; for each value of an axis a table of its own.
//
//   auto done = run_comparison("configs/experiments/main_table.json", {.seeds = {0, 1, 2}}, {.output = "runs/main"});
//   std::puts(done.table().c_str());

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/metrics/statistics.h"
#include "infomtl/runs/experiment.h"
#include "infomtl/runs/results.h"

namespace infomtl {

/// One method of a comparison.
struct ComparedMethod {
  std::string key;       ///< names its folder
  std::string name;      ///< as tables call it
  std::string baseline;  ///< key of the method that it is compared with; its own: with none
};

struct ComparedTask {
  std::string name, metric;
  bool higher_is_better = true;
};

/// Scores of one task, or their average, over the seeds of a method.
struct SeedScores {
  std::vector<double> values;  ///< of each seed
  Spread spread;
};

/// Of one task, over the seeds that both methods have: method minus baseline.
struct TaskDifference {
  double difference = 0, half_width_95 = 0;
  std::size_t wins = 0;  ///< seeds in which the method is better
};

/// A method against its baseline. The first five are of the averages, NaN where these are.
struct BaselineDifference {
  std::size_t paired_seeds = 0;
  double difference = 0, deviation = 0, half_width_95 = 0;
  std::size_t wins = 0;
  double p = 0;                          ///< two-sided paired t-test; NaN below four pairs
  double p_holm = 0;                     ///< adjusted over all tests of the comparison
  double delta_p_percent = 0;            ///< NaN where a task's baseline is too near zero for a ratio
  std::vector<TaskDifference> per_task;  ///< in the order of Comparison::tasks
  std::vector<TaskDifference> joint;     ///< in the order of Comparison::joint; NaN where a run lacks it
};

/// What a run of a method costs: means over its seeds, NaN where the runs do not say. One model per task: their sum.
struct Budget {
  double steps = 0, examples = 0;
  double encoded_sequences = 0;  ///< sequences that passed the encoder
  double seconds = 0;
  double clipped_share = 0;                   ///< of the steps
  std::map<std::string, double> passes = {};  ///< task -> passes over its training rows
  double planned_steps = 0;                   ///< as many as without stopping early; NaN where unknown
  double planned_examples = std::numeric_limits<double>::quiet_NaN();  ///< likewise
};

/// A method in one table.
struct MethodScores {
  std::vector<std::uint64_t> seeds;
  std::vector<SeedScores> per_task;  ///< in the order of Comparison::tasks
  /// Over those of these tasks that the table has; NaN where scores of some rise with quality and those of others fall.
  SeedScores average;
  std::vector<SeedScores> joint;  ///< in the order of Comparison::joint; NaN where a run lacks it
  /// Quality of representations (train/representation_quality.h), mean over the table's tasks that have it; NaN where runs
  /// do not say.
  SeedScores uniformity, mean_cosine, rand_index;
  Budget budget;
  std::optional<BaselineDifference> against_baseline;  ///< none for a baseline, and where no seed is in both
};

/// The smallest difference of averages that one paired t-test at 5 % finds with 80 % power.
struct DetectableDifference {
  std::size_t pairs = 0;
  double deviation = 0;  ///< of the paired differences: root mean square over the methods
  double difference = 0;
};

/// One table: the comparison at one place of its axes.
struct ComparisonTable {
  std::vector<std::pair<std::string, Json>> axes;  ///< field and value of each axis
  std::string folder = ".";                        ///< below the comparison's: "data.train_fraction=0.2"
  std::vector<std::vector<Results>> runs;          ///< of each method, by seed
  std::vector<MethodScores> scores;                ///< of each method; Comparison::compute() fills it
  std::optional<DetectableDifference> power;       ///< likewise; none below two pairs
};

struct Comparison {
  std::string split = "validation";  ///< the scores' own
  std::vector<ComparedMethod> methods;
  std::size_t baseline = 0;
  std::vector<ComparisonTable> tables;

  /// Tasks that every run of a table, or none of it, was scored on in the split: averages, differences and delta_p of a
  /// table are over those that it has. Numbers of the others are NaN in it.
  std::vector<ComparedTask> tasks;
  std::vector<std::string> left_out_tasks;  ///< those that some run of a table lacks
  /// "mt_vib, seed 3: what happened": runs whose training diverged. The others are compared without them.
  std::vector<std::string> diverged;
  /// "intent+slots": tasks that label the same texts in some run; their sentence accuracy is no part of any average.
  std::vector<std::string> joint;

  /// Computes everything else from the runs.
  INFOMTL_API void compute();
  /// comparison.json, format 2; what is not known is null.
  INFOMTL_API Json to_json() const;
  /// All tables, where there are several with an overview of their averages before them: scores with 95 %
  /// intervals, paired differences, budgets, power. CSV has every number unrounded, a row per method and task.
  /// @param format  text, markdown, latex or csv @throws UserError for another
  /// @param width  of lines of text; wider tables come in blocks of columns
  INFOMTL_API std::string table(std::string_view format = "text", std::size_t width = std::string::npos) const;
  /// One of the tables alone.
  INFOMTL_API std::string table(std::string_view format, const ComparisonTable& one) const;
};

struct ComparisonOptions {
  std::vector<std::uint64_t> seeds = {};  ///< empty: the config's
  std::string split = {};                 ///< "validation" or "test"; empty: the config's
};

/// Trains every method of a comparison config under every seed, one run folder <method>/seed-<n> below `output` (empty:
/// runs/<config name>), or below the folder of each value of its axes. Finished runs are kept, broken-off ones continue,
/// one that diverges is named and left out; several processes may work on one folder. Every method's config is read and
/// checked before the first trains. Writes comparison.json and table.{txt,md,tex,csv} there as runs end. Ends early when
/// `stop` is set.
///
/// The config's fields are told in configs/README.md. A run's config is the experiment's with the method's file on top,
/// then the method's "set", the value of each axis, and `overrides`.
/// @param run  overrides, output and progress are read
/// @throws UserError where methods do not get the same steps or examples and the config does not allow that; ConfigError,
///         DataError, FormatError, IoError as Experiment::from_config
INFOMTL_API Comparison run_comparison(const std::filesystem::path& config, const ComparisonOptions& options,
                                      const ExperimentOptions& run, const std::atomic<bool>* stop = nullptr);

}  // namespace infomtl
