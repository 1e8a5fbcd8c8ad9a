#pragma once
// Results: what a run and several runs of one config scored. Plain values, no tensors.
//
//   Results results = run.fit();
//   std::puts(results.table().c_str());
//   Summary summary{{results_of_seed_0, results_of_seed_1}};
//   std::puts(summary.compare(baseline, "infomtl", "equal").c_str());

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// Scores of one task.
struct TaskResult {
  std::string metric;
  bool higher_is_better = true;
  std::map<std::string, double> score;                       ///< split -> the task's metric; NaN where it has no rows
  std::map<std::string, std::map<std::string, double>> all;  ///< split -> metric -> value
};

struct Results {
  std::uint64_t seed = 0;
  std::string selection_split, selection_monitor;
  std::int64_t selected_epoch = -1;
  std::vector<std::pair<std::string, TaskResult>> tasks;
  std::map<std::string, double> average;  ///< split -> mean of the tasks' metrics
  Json training = Json::object();         ///< steps, seconds, examples_per_second, tokens_per_second, peak_memory_bytes
  Json environment = Json::object();
  /// task -> task -> how alike the architecture learned them to be (noise, gates, stitches); empty where it learns none
  Json task_similarity = Json::object();

  /// results.json of the run folder, format 1; a NaN is null.
  INFOMTL_API Json to_json() const;
  /// @throws FormatError naming what is missing or another format number
  INFOMTL_API static Results from_json(const Json& json);
  /// Tasks x splits as a table for the terminal; scores that rise with quality are given in percent.
  INFOMTL_API std::string table() const;
  /// The splits that were scored: train, validation, test, then any others.
  INFOMTL_API std::vector<std::string> splits() const;
  /// The mean over the tasks that have the split, entered in `average`.
  INFOMTL_API void average_tasks();
};

/// Several seeds of one config.
struct Summary {
  std::vector<Results> runs;

  /// summary.json: per task and split the mean, the standard deviation and each seed's score; the runs' seeds.
  INFOMTL_API Json to_json() const;
  INFOMTL_API std::string table() const;
  /// Table of this summary against a baseline on the test split (validation where there is no test), over the seeds
  /// both have: per task mean +- std of both, paired difference and its two-sided p; delta_p below.
  /// @throws UserError when tasks differ or no seed is in both
  INFOMTL_API std::string compare(const Summary& baseline, const std::string& name,
                                  const std::string& baseline_name) const;
};

}  // namespace infomtl
