#include "train/selection.h"

#include "infomtl/core/errors.h"

namespace infomtl {

void SelectionSettings::fields(FieldVisitor& f) {
  f.field("monitor", monitor,
          "what chooses the best epoch: average (of the tasks' metrics), loss, last, or a task's name");
  f.choice("split", split, {"train", "validation", "test"}, "on which split; test is refused");
  f.field("patience", patience, "epochs without improvement before stopping; 0: never", between(0, 1e9));
}

void check_selection(const SelectionSettings& settings, const BatchSource& batches) {
  if (settings.split == "test") throw ConfigError("selection.split: " + std::string(kNotTheTestSplit));
  const Split split = split_named(settings.split);
  const std::string& monitor = settings.monitor;
  if (monitor == "last") return;
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
      throw ConfigError("selection.monitor: task \"" + monitor + "\" has no rows in the " + settings.split + " split");
    }
  }
  if (!named) throw ConfigError("selection.monitor: no task \"" + monitor + "\"" + did_you_mean(monitor, known));
  if (!any) {
    throw ConfigError("selection.split: no task has rows in the " + settings.split +
                      " split; give one, or set selection.monitor to \"last\"");
  }
}

bool select_epoch(const SelectionSettings& settings, const Evaluation& scores, const std::vector<Task>& tasks,
                  Progress& progress, bool candidate) {
  if (settings.monitor != "last" && !candidate) return false;
  bool best = true;
  if (settings.monitor != "last") {
    const double score = scores.monitored(settings.monitor, tasks);
    best = progress.best_epoch < 0 || score > progress.best_score;
    if (best) progress.best_score = score;
  }
  if (best) progress.best_epoch = progress.epoch;
  progress.epochs_without_improvement = best ? 0 : progress.epochs_without_improvement + 1;
  progress.stopped_early = settings.patience > 0 && progress.epochs_without_improvement >= settings.patience;
  return best;
}

}  // namespace infomtl
