#include "train/selection.h"

#include <cmath>

#include "infomtl/core/errors.h"

namespace infomtl {

void SelectionSettings::fields(FieldVisitor& f) {
  f.field("monitor", monitor,
          "what chooses the best evaluation: average (of the tasks' metrics), loss, last, or a task's name");
  f.choice("split", split, {"train", "validation", "test"}, "on which split; test is refused");
  f.field("patience", patience, "evaluations without improvement before stopping; 0: never", between(0, 1e9));
  f.field("per_task", per_task, "each task's own best is chosen and kept, too");
}

void check_selection(const SelectionSettings& settings, const BatchSource& batches) {
  if (settings.split == "test") throw ConfigError("training.selection.split: " + std::string(kNotTheTestSplit));
  const Split split = split_named(settings.split);
  const std::string& monitor = settings.monitor;
  if (monitor == "last") {
    if (!settings.per_task) return;
    throw ConfigError(
        "training.selection.per_task: needs scores, and training.selection.monitor \"last\" computes none; set that to "
        "\"average\"");
  }
  bool any = false, named = monitor == "average" || monitor == "loss";
  std::vector<std::string> known = {"average", "loss", "last"};
  const std::vector<Task>& tasks = batches.tasks();
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const bool rows = batches.rows(split, t) > 0;
    any = any || rows;
    known.push_back(tasks[t].name);
    if (tasks[t].name != monitor) continue;
    named = true;
    if (!rows) {
      throw ConfigError("training.selection.monitor: task \"" + monitor + "\" has no rows in the " + settings.split +
                        " split");
    }
  }
  if (!named)
    throw ConfigError("training.selection.monitor: no task \"" + monitor + "\"" + did_you_mean(monitor, known));
  if (!any) {
    throw ConfigError("training.selection.split: no task has rows in the " + settings.split +
                      " split; give one, or set training.selection.monitor to \"last\"");
  }
}

namespace {

/// A NaN is as bad as can be: the first evaluation may be one, any number after it is better.
bool improve(BestEvaluation& best, double score, const Progress& progress) {
  if (std::isnan(score)) score = BestEvaluation::kNone;
  if (best.epoch >= 0 && !(score > best.score)) return false;
  best = {.score = score, .epoch = progress.epoch, .step = progress.cost.steps};
  return true;
}

/// Enters what is the best so far of each task that has a score. @return whether there is any
bool improve_tasks(const Evaluation& scores, const std::vector<Task>& tasks, Progress& progress) {
  progress.task_bests.resize(tasks.size());
  bool any = false;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (std::isnan(scores.scores.at(t))) continue;
    any |= improve(progress.task_bests[t], scores.monitored(tasks[t].name, tasks), progress);
  }
  return any;
}

}  // namespace

bool select_evaluation(const SelectionSettings& settings, const Evaluation& scores, const std::vector<Task>& tasks,
                       Progress& progress, bool candidate) {
  const bool last = settings.monitor == "last";
  if (!last && !candidate) return false;
  if (last) progress.best.epoch = -1;
  const bool best =
      improve(progress.best, last ? BestEvaluation::kNone : scores.monitored(settings.monitor, tasks), progress);
  const bool of_task = settings.per_task && improve_tasks(scores, tasks, progress);
  progress.evaluations_without_improvement = best || of_task ? 0 : progress.evaluations_without_improvement + 1;
  progress.stopped_early = settings.patience > 0 && progress.evaluations_without_improvement >= settings.patience;
  return best;
}

}  // namespace infomtl
