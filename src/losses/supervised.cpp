#include "infomtl/losses/supervised.h"

#include <algorithm>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/class_weights.h"
#include "losses/counted_items.h"

namespace infomtl {

Tensor supervised_sum(const Task& task, const Tensor& output, const Tensor& labels, double label_smoothing,
                      const Tensor& class_weights) {
  switch (task.kind) {
    case TaskKind::classification:
    case TaskKind::tagging:
      return ops::cross_entropy(output, labels, label_smoothing, class_weights).sum;
    case TaskKind::multi_label:
      return ops::binary_cross_entropy(output, labels, class_weights).sum;
    case TaskKind::regression:
      return ops::squared_error(output, labels).sum;
  }
  throw StateError("task \"" + task.name + "\": no loss for its kind of label");
}

namespace {

std::vector<double> found_weights(const ClassWeights& settings, const std::vector<std::int64_t>& counts) {
  return settings.weights.word == "balanced" ? ops::balanced_weights(counts)
                                             : ops::effective_number_weights(counts, settings.beta);
}

}  // namespace

Tensor class_weights_of(const ClassWeights& settings, const Task& task) {
  if (!settings.weights.given() || task.kind == TaskKind::regression) return {};
  std::vector<double> weights;
  if (settings.weights.word.empty()) {
    weights =
        with_context("class_weights, task \"" + task.name + "\" (numbers are for tasks of these labels; see \"tasks\")",
                     [&] { return settings.weights.of(task.labels, 1.0, "label"); });
    if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; })) {
      throw ConfigError("class_weights: those of task \"" + task.name + "\" are all 0; nothing would be learned");
    }
  } else if (task.label_counts.size() != task.labels.size()) {
    throw ConfigError("class_weights: how often the labels of task \"" + task.name +
                      "\" occur in training is not known; give numbers");
  } else if (task.kind == TaskKind::multi_label) {
    for (const std::int64_t present : task.label_counts) {
      const std::vector<double> two = found_weights(settings, {task.train_rows - present, present});
      weights.push_back(two[1] / two[0]);
    }
  } else {
    weights = found_weights(settings, task.label_counts);
  }
  return torch::tensor(weights, torch::kFloat64).to(torch::kFloat32);
}

void Supervised::check_options(const std::vector<Task>& tasks) const {
  const auto any = [&](auto of_kind) {
    return std::any_of(tasks.begin(), tasks.end(), [&](const Task& task) { return of_kind(task.kind); });
  };
  if (settings_.label_smoothing > 0 && !any(is_classes)) {
    throw ConfigError("label_smoothing: has no effect on any of its tasks, which have no single classes; leave it out");
  }
  if (!settings_.classes.weights.given()) return;
  if (!any([](TaskKind kind) { return kind != TaskKind::regression; })) {
    throw ConfigError("class_weights: has no effect on any of its tasks, which have no classes; leave it out");
  }
  for (const Task& task : tasks) class_weights_of(settings_.classes, task);
}

const Tensor& Supervised::weights_of(const Task& task, const Tensor& output) {
  const auto found = weights_.find(task.name);
  if (found != weights_.end()) return found->second;
  Tensor weights = class_weights_of(settings_.classes, task);
  if (weights.defined()) weights = weights.to(output.device());
  return weights_.emplace(task.name, std::move(weights)).first->second;
}

std::int64_t Supervised::count(const TaskBatch& rows) const { return known_label_count(rows); }

LossValue Supervised::compute(TaskStep& step) {
  if (step.labels().size(0) == 0) return no_items(step.prediction().output);
  const Tensor& weights = weights_of(step.task(), step.prediction().output);
  const auto sum = [&](int view) {
    return supervised_sum(step.task(), step.prediction(view).output, step.labels(), settings_.label_smoothing, weights);
  };
  Tensor total = sum(0);
  if (step.training() && settings_.views > 1) {
    for (int view = 1; view < settings_.views; ++view) total = total + sum(view);
    total = total / static_cast<double>(settings_.views);
  }
  return over_items(total, count(step.batch()));
}

}  // namespace infomtl
