#pragma once
// Comparison record: comparison.json of format 2, and the same numbers made from run folders where there is no such file.

#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/json.h"
#include "infomtl/metrics/statistics.h"
#include "report/run_record.h"

namespace infomtl::report {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

struct ScoredTask {
  std::string name, metric;
  bool higher_is_better = true;
};

/// Scores of the seeds of one method. Numbers that are not there are NaN.
struct SeedScores {
  Spread spread{kMissing, kMissing, kMissing};
  std::vector<double> values;  ///< one per seed
};

struct TaskEffect {
  double difference = kMissing, half_width = kMissing;
  double wins = kMissing;  ///< seeds in which the method is better
};

/// A method against its baseline over the seeds that both have.
struct Effect {
  double paired_seeds = kMissing;
  double difference = kMissing;  ///< of the averages over the tasks
  double deviation = kMissing, half_width = kMissing, p = kMissing, p_holm = kMissing, wins = kMissing;
  double relative_gain = kMissing;  ///< delta_p, percent
  std::map<std::string, TaskEffect> per_task;
  std::map<std::string, TaskEffect> joint;
};

/// What a run of a method cost, mean over its runs.
struct Budget {
  double steps = kMissing, examples = kMissing, encoded_sequences = kMissing, seconds = kMissing;
  double clipped_share = kMissing;       ///< of the steps, 0 to 1
  std::map<std::string, double> passes;  ///< over the training rows, by task
};

struct MethodScores {
  std::string key, name, folder;
  std::vector<std::string> seeds;
  std::map<std::string, SeedScores> per_task;
  SeedScores average;
  std::map<std::string, SeedScores> joint;
  std::string baseline;  ///< the key of the method that `effect` compares with
  std::optional<Effect> effect;
  Budget budget;
};

/// The smallest difference of averages that one paired t-test at 5 % finds with 80 % power.
struct Power {
  double pairs = kMissing, deviation = kMissing, detectable_difference = kMissing;
};

/// The methods at one setting of the axes.
struct ComparisonCell {
  std::vector<std::pair<std::string, std::string>> axes;  ///< config path, value
  std::string folder;                                     ///< below the comparison's; "." for the same
  std::vector<MethodScores> methods;
  std::optional<Power> power;
};

struct ComparisonRecord {
  std::string split, baseline;
  std::vector<ScoredTask> tasks;
  std::vector<std::string> left_out_tasks;
  std::vector<std::string> joint;  ///< "intent+slots": tasks of the same texts, which have a sentence accuracy
  std::vector<ComparisonCell> cells;

  /// Whether every task's scores rise with quality: their average then stands in percent, too.
  bool all_rise() const;
};

/// The format number of a comparison.json. @throws ConfigError naming the field where it is none
int comparison_format(const Json& json, const std::string& file);
/// @throws ConfigError naming file and field, what was found and what is allowed
ComparisonRecord read_comparison(const Json& json, const std::string& file);

/// Runs of one method, by seed.
struct MethodRuns {
  std::string key, name;
  std::vector<RunRecord> runs;
};

/// The scores of finished runs as comparisons of one cell, without a baseline, one for each split: test first where every
/// finished run has it, then the others in the order of the results. Tasks are those of any finished run. Nothing
/// without a finished run.
std::vector<ComparisonRecord> comparisons_of_runs(const std::vector<MethodRuns>& methods);

}  // namespace infomtl::report
