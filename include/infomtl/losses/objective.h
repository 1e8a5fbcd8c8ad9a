#pragma once
// Objective: a task's loss as a weighted sum of terms, every part kept for the log.
//
//   Objective objective;
//   objective.add(1.0, std::make_shared<Supervised>());
//   objective.add(0.01, std::make_shared<TaskInformationMinimization>());
//   TaskLoss loss = objective.compute(step, totals);

#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"
#include "infomtl/optim/weight_schedule.h"

namespace infomtl {

class Config;

/// One term's part in a task's loss, detached.
struct TermPart {
  std::string term;  ///< its name in the config ("simax"); a second use of the same loss is "simax.2"
  Tensor sum;        ///< scalar, unweighted, on the device
  double count = 0;
  double weight = 0;  ///< at this step
};

struct TaskLoss {
  Tensor value;  ///< scalar with graph: sum over terms of weight * sum / total count
  std::vector<TermPart> parts;
};

class INFOMTL_API Objective : public torch::nn::Module {
 public:
  Objective() = default;

  /// @param weight a number or a schedule over optimiser steps; @param tasks names the term is limited to, empty for
  /// all
  void add(Schedule weight, std::shared_ptr<LossTerm> term, std::string name = "", std::vector<std::string> tasks = {});

  /// Built from the config's "losses": each {"name", "weight" (1), "tasks" (all), the term's own options}.
  static std::shared_ptr<Objective> from_config(const std::vector<Config>& losses, const TermContext& context);

  /// Its terms, whatever tasks they are for.
  std::size_t size() const { return terms_.size(); }
  /// Union of what the task's terms need.
  Needs needs(const Task& task) const;
  /// @throws ConfigError naming term, task and cure when a term needs what the model does not have
  void check(const MultiTaskModel& model) const;

  /// Counts of each term over these rows, to be added up over micro-batches and given back to compute().
  std::vector<std::int64_t> counts(const Task& task, const TaskBatch& rows) const;
  /// @param totals count of each term over all micro-batches of the step (counts() of this batch alone when there is
  /// one)
  TaskLoss compute(TaskStep& step, const std::vector<std::int64_t>& totals) const;

 private:
  struct Entry {
    std::string name;
    Schedule weight;
    std::shared_ptr<LossTerm> term;
    std::vector<std::string> tasks;
  };
  bool applies_to(const Entry& entry, const Task& task) const;
  std::vector<Entry> terms_;
};

}  // namespace infomtl
