#include "train/task_inputs.h"

#include <ATen/ATen.h>

#include <optional>
#include <utility>

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
    found.back().width = rows[t].pooled.size(1);
  }
  return found;
}

std::vector<TaskInputs> task_labels(const MultiTaskModel& model, BatchSource& batches, std::int64_t batch_size) {
  const std::size_t count = model.tasks().size();
  std::vector<std::vector<Tensor>> examples(count), labels(count), texts(count);
  const BatchReader read = batches.evaluation(Split::train, batch_size);
  while (const std::optional<StepBatch> batch = read()) {
    for (const TaskBatch& rows : batch->tasks) {
      examples.at(rows.task).push_back(rows.examples);
      labels.at(rows.task).push_back(rows.labels);
      if (rows.texts.defined()) texts.at(rows.task).push_back(rows.texts);
    }
  }
  std::vector<TaskInputs> found;
  for (std::size_t t = 0; t < count; ++t) {
    if (examples[t].empty()) return {};
    const Task& task = model.tasks()[t];
    TaskInputs inputs{.kind = task.kind, .outputs = task.outputs(), .features = {}, .labels = at::cat(labels[t])};
    inputs.width = model.encoder().width();
    const Tensor order = at::cat(examples[t]).argsort();
    if (texts[t].size() == examples[t].size()) inputs.texts = at::cat(texts[t]).index_select(0, order);
    if (task.kind != TaskKind::tagging) inputs.labels = inputs.labels.index_select(0, order);
    found.push_back(std::move(inputs));
  }
  return found;
}

void check_task_inputs(const GradientWeighting& weighting, const MultiTaskModel& model, BatchSource& batches,
                       std::int64_t batch_size) {
  if (!weighting.needs_features()) return;
  const std::vector<TaskInputs> tasks = task_labels(model, batches, batch_size);
  if (!tasks.empty()) weighting.check(tasks);
}

}  // namespace infomtl
