#pragma once
// Objective: a task's loss as a weighted sum of terms, every part kept for the log; and its penalties, which no
// weighting sees.
//
//   Objective objective;
//   objective.add(1.0, std::make_shared<Supervised>());
//   objective.add(0.01, std::make_shared<TaskInformationMinimization>());
//   TaskLoss loss = objective.compute(step, totals);

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"
#include "infomtl/losses/penalty.h"
#include "infomtl/optim/weight_schedule.h"

namespace infomtl {

class Config;
class Problems;

/// One term's part in a task's loss, detached.
struct TermPart {
  std::string term;  ///< its name in the config ("simax"); a second use of the same loss is "simax.2"
  Tensor sum;        ///< scalar, unweighted, on the device
  double count = 0;
  double weight = 0;  ///< at this step
};

/// Sums of one term over the micro-batches of a step.
struct TermSum {
  std::string term;
  Tensor sum;  ///< scalar float64 on the device, unweighted
  double count = 0;
  double weight = 0;
};

struct TaskLoss {
  Tensor value;  ///< scalar with graph: sum over terms of weight * sum / total count; undefined without penalties
  std::vector<TermPart> parts;
};

class INFOMTL_API Objective : public torch::nn::Module {
 public:
  Objective() = default;

  /// @param weight a number or a schedule over optimiser steps; @param name in the log and in checkpoints, by default the
  /// one that its class is registered under ("simax"), else "term"; @param tasks names the term is limited to, empty for all
  void add(Schedule weight, std::shared_ptr<LossTerm> term, std::string name = "", std::vector<std::string> tasks = {});
  /// A term outside the task weights: like a penalty, its gradient times its own weight is added to what the weighting
  /// wrote, and it is no part of the loss in evaluation.
  void add_unweighted(Schedule weight, std::shared_ptr<LossTerm> term, std::string name = "",
                      std::vector<std::string> tasks = {});

  /// A penalty, likewise.
  void add_penalty(Schedule weight, std::shared_ptr<Penalty> penalty, std::string name = "",
                   std::vector<std::string> tasks = {});

  /// Built from the config's "losses" and "penalties": each {"name", "weight" (1), "tasks" (all), its own options}; a
  /// loss with "weighted": false is outside the task weights. Where problems are collected, a term that something was told
  /// of is left out, but for its weight.
  static std::shared_ptr<Objective> from_config(const std::vector<Config>& losses, const TermContext& context,
                                                const std::vector<Config>& penalties);
  static std::shared_ptr<Objective> from_config(const std::vector<Config>& losses, const TermContext& context);

  /// Its terms, whatever tasks they are for.
  std::size_t size() const { return terms_.size(); }
  bool has_penalties() const { return !penalties_.empty(); }
  /// Union of what the task's terms and penalties need.
  Needs needs(const Task& task) const;
  /// check_terms(), check_doubles() and check_coverage() of the model's tasks. @throws ConfigError
  void check(const MultiTaskModel& model) const;
  /// Each term by itself: what it needs and the model does not have, by the first task that lacks it.
  /// @param problems  gets one line for each term that does not fit; null: the first throws
  /// @throws ConfigError naming term, task and cure
  void check_terms(const MultiTaskModel& model, Problems* problems = nullptr) const;
  /// Two losses of a task's own, and two penalties of one kind. @param problems  gets one line for each second one; null:
  /// the first throws @throws ConfigError
  void check_doubles(const std::vector<Task>& tasks, Problems* problems = nullptr) const;
  /// @throws ConfigError naming all tasks that no weighted term is for
  void check_coverage(const std::vector<Task>& tasks) const;

  /// A line for each term that was not limited to some tasks but is not defined for all of these: `loss "simax" leaves out a, b`.
  std::vector<std::string> left_out(const std::vector<Task>& tasks) const;
  /// Looks at options that do not fit the tasks their term is for, or have no effect on any of them: of a whole config,
  /// since one option may be meant for one of several tasks. @param problems  gets one line for each term; null: the first
  /// throws @throws ConfigError with the cure
  void check_options(const std::vector<Task>& tasks, Problems* problems = nullptr) const;
  /// Tasks that no weighted term is for.
  std::vector<std::string> tasks_without_terms(const std::vector<Task>& tasks) const;
  /// Tasks that no term trains by their labels (LossTerm::reads_labels()): their heads stay what they were drawn as, or
  /// learn what is none of their task.
  std::vector<std::string> tasks_without_labels(const std::vector<Task>& tasks) const;

  /// Names of the terms for which micro-batches are not one batch: LossTerm::compares_rows().
  std::vector<std::string> comparing_rows() const;
  /// Names of the terms of which each micro-batch gets a draw of its own: LossTerm::draws_per_batch().
  std::vector<std::string> drawing_per_batch() const;

  /// What terms have learned of how much tasks take from each other (LossTerm::task_weights()), with their names.
  std::vector<std::pair<std::string, Tensor>> task_weights() const;

  /// Counts of each term over these rows, to be added up over micro-batches and given back to compute().
  std::vector<std::int64_t> counts(const Task& task, const TaskBatch& rows) const;
  /// @param totals count of each term over all micro-batches of the step (counts() of this batch alone when there is
  /// one)
  TaskLoss compute(TaskStep& step, const std::vector<std::int64_t>& totals) const;
  /// The same of the penalties; needs a graph.
  std::vector<std::int64_t> penalty_counts(const Task& task, const TaskBatch& rows) const;
  TaskLoss compute_penalties(TaskStep& step, const std::vector<std::int64_t>& totals) const;

 private:
  struct Entry {
    std::string name;
    Schedule weight;
    std::shared_ptr<LossTerm> term;
    std::vector<std::string> tasks;
    std::string where = {};  ///< place in a config; empty where there is none

    bool applies_to(const Task& task) const;
    /// What messages call it: loss "simax".
    std::string title() const;
    /// The same behind its place: tweets.json#/losses/1: loss "simax".
    std::string place() const;
  };
  std::vector<std::string> names_where(bool (LossTerm::*holds)() const) const;
  using Entries = std::vector<Entry>;
  void add_to(Entries& entries, Entry entry);
  static std::vector<std::int64_t> counts(const Entries& entries, const Task& task, const TaskBatch& rows);
  static TaskLoss compute(const Entries& entries, TaskStep& step, const std::vector<std::int64_t>& totals);
  Entries terms_, penalties_;
};

}  // namespace infomtl
