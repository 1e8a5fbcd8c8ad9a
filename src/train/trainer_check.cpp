#include "train/trainer_check.h"

#include <algorithm>

#include "infomtl/core/errors.h"
#include "train/micro_batch_warnings.h"
#include "train/selection.h"

namespace infomtl {

void check_trainer(const TrainerSettings& settings, const MultiTaskModel& model, const Objective& objective,
                   const GradientWeighting& weighting, const BatchSource& batches) {
  const std::vector<Task>& tasks = batches.tasks();
  const bool same = std::equal(tasks.begin(), tasks.end(), model.tasks().begin(), model.tasks().end(),
                               [](const Task& one, const Task& other) { return one.name == other.name; });
  if (!same) throw ConfigError("the batches are not of the model's tasks: names and order must be the same");
  objective.check(model);
  check_selection(settings.selection, batches);
  const std::vector<Regime>& regimes = weighting.regimes();
  if (!regimes.empty() && std::find(regimes.begin(), regimes.end(), batches.regime()) == regimes.end()) {
    throw ConfigError("the weighting is not defined in the regime \"" + std::string(name_of(batches.regime())) +
                      "\" of the batches; it compares the tasks of one step: take \"joint\"");
  }
  const GradientKind reads = weighting.gradients_read().value_or(GradientKind::losses);
  if (settings.clip == "per_task" && (reads == GradientKind::gram || reads == GradientKind::jacobian)) {
    throw ConfigError(
        "training.clip: \"per_task\" shortens each task's gradient before its weight, but this weighting compares "
        "the gradients itself; set it to \"total\"");
  }
  warn_of_micro_batches(settings.batching.accumulate, objective, model);
}

}  // namespace infomtl
