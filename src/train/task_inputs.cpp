#include "train/task_inputs.h"

#include "infomtl/core/errors.h"
#include "infomtl/step/features.h"

namespace infomtl {

std::vector<TaskInputs> task_inputs(const MultiTaskModel& model, BatchSource& batches, std::int64_t batch_size) {
  const auto rows = collect_labelled_rows(model, batches.evaluation(Split::train, batch_size));
  std::vector<TaskInputs> found;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    const Task& task = model.tasks()[t];
    if (!rows[t].pooled.defined()) {
      throw StateError(
          "the weighting reads the features of all training rows before the first step, but this source of "
          "batches has none of task \"" +
          task.name + "\": its evaluation(Split::train, ...) must give them");
    }
    found.push_back(
        {.kind = task.kind, .outputs = task.outputs(), .features = rows[t].pooled, .labels = rows[t].labels});
  }
  return found;
}

}  // namespace infomtl
