#pragma once
// Results: what a run scored. Plain values, no tensors.
//
//   Results results = run.fit();
//   std::puts(results.table().c_str());

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/metrics/class_report.h"

namespace infomtl {

/// Scores of one task.
struct TaskResult {
  std::string metric;
  bool higher_is_better = true;
  std::map<std::string, double> score;                       ///< split -> the task's metric; NaN where it has no rows
  std::map<std::string, std::map<std::string, double>> all;  ///< split -> metric -> value
  std::map<std::string, ClassReport> classes = {};           ///< split -> class by class; of tasks with classes
};

/// When a checkpoint was chosen.
struct SelectedAt {
  std::int64_t epoch = -1;  ///< from 0
  std::int64_t step = -1;   ///< optimiser steps done
};

struct Results {
  std::uint64_t seed = 0;
  std::string selection_split, selection_monitor;
  /// Counted from 0, as everywhere in code; files and screens count epochs from 1; -1: none, or not known
  std::int64_t selected_epoch = -1;
  std::int64_t selected_step = -1;  ///< optimiser steps done by then
  /// Under selection.per_task: task -> when its own best was, which its scores are of; else empty
  std::map<std::string, SelectedAt> selected_tasks = {};
  std::vector<std::pair<std::string, TaskResult>> tasks;
  std::map<std::string, double> average;  ///< split -> mean of the tasks' metrics
  /// "intent+slots" -> split -> sentence accuracy (metrics/sentence_accuracy.h) of tasks that label the same texts; no part
  /// of the average
  std::map<std::string, std::map<std::string, double>> joint;
  /// What it cost: steps, planned_steps (more where training stopped early), examples, tokens, encoded_sequences, rows and
  /// passes per task, clipped_share, seconds, rates, peak_memory_bytes
  Json training = Json::object();
  Json environment = Json::object();
  /// task -> task -> how alike the architecture learned them to be (noise, gates, stitches); empty where it learns none
  Json task_similarity = Json::object();
  /// loss term -> task -> task -> how much the first takes of the second, as the term learned it; empty where none does
  Json task_weights = Json::object();
  /// task -> the weight of its loss that the weighting found before the first step and kept; empty where it finds none
  Json loss_weights = Json::object();
  /// split -> task -> {"rows", "uniformity", "mean_cosine", "adjusted_rand_index"} (train/representation_quality.h), null for
  /// what is not there; empty unless the config asks for it
  Json representation = Json::object();

  /// results.json of the run folder, format 1; a NaN is null.
  INFOMTL_API Json to_json() const;
  /// @throws FormatError naming what is missing or another format number
  INFOMTL_API static Results from_json(const Json& json);
  /// Tasks x splits as a table for the terminal; scores that rise with quality are given in percent. Where an average is
  /// not over all tasks, a line below names those that it lacks.
  /// @param split  that is shown, with what was scored of it under noise; empty, or where nothing has it: all
  INFOMTL_API std::string table(const std::string& split = "") const;
  /// Every task with classes, class by class, as tables for the terminal: precision, recall and F1 in percent, rows, and of
  /// up to twelve classes which are taken for which.
  INFOMTL_API std::string class_tables() const;
  /// The splits that were scored: train, validation, test, then any others.
  INFOMTL_API std::vector<std::string> splits() const;
  /// The task's score on a split; NaN where it has none.
  INFOMTL_API double score_of(const std::string& task, const std::string& split) const;
  /// Sentence accuracy of tasks that label the same texts ("intent+slots"); NaN where there is none.
  INFOMTL_API double joint_of(const std::string& names, const std::string& split) const;
  /// Whether some task has a score on some split.
  INFOMTL_API bool scored() const { return !splits().empty(); }
  /// Takes over the sentence accuracies of other splits.
  INFOMTL_API void add_joint(const Results& more);
  /// Takes over the scores of the same tasks on other splits. @throws StateError where the tasks are others
  INFOMTL_API void add_splits(const Results& more);
  /// The mean over the tasks that have the split, entered in `average`.
  INFOMTL_API void average_tasks();
};

}  // namespace infomtl
