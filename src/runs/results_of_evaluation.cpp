#include "runs/results_of_evaluation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "infomtl/step/features.h"
#include "infomtl/train/evaluation.h"
#include "infomtl/train/representation_quality.h"

namespace infomtl {

void add_evaluation(Results& results, const std::vector<Task>& tasks, const std::string& split,
                    const Evaluation& scores) {
  std::vector<std::size_t> all(tasks.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  add_evaluation(results, tasks, split, scores, all);
}

void add_evaluation(Results& results, const std::vector<Task>& tasks, const std::string& split,
                    const Evaluation& scores, const std::vector<std::size_t>& chosen) {
  for (const std::size_t t : chosen) {
    auto found = std::find_if(results.tasks.begin(), results.tasks.end(),
                              [&](const auto& entry) { return entry.first == tasks[t].name; });
    if (found == results.tasks.end()) {
      TaskResult fresh;
      fresh.metric = tasks[t].metric.name;
      fresh.higher_is_better = scores.higher_is_better[t];
      found = results.tasks.insert(results.tasks.end(), {tasks[t].name, fresh});
    }
    if (std::isnan(scores.scores[t])) continue;
    found->second.score[split] = scores.scores[t];
    if (!scores.all[t].empty()) found->second.all[split] = scores.all[t];
    if (t < scores.classes.size() && !scores.classes[t].empty()) found->second.classes[split] = scores.classes[t];
  }
  if (chosen.size() < tasks.size()) return;
  for (const JointAccuracy& joint : scores.joint) {
    std::string names;
    for (const std::size_t t : joint.tasks) names += (names.empty() ? "" : "+") + tasks[t].name;
    results.joint[names][split] = joint.accuracy;
  }
}

void take_tasks(const Evaluation& from, const std::vector<std::size_t>& tasks, Evaluation& scores) {
  for (const std::size_t t : tasks) {
    scores.scores.at(t) = from.scores.at(t);
    scores.losses.at(t) = from.losses.at(t);
    scores.all.at(t) = from.all.at(t);
    scores.classes.at(t) = from.classes.at(t);
  }
}

namespace {

/// task -> task -> entry of a [T, T] matrix.
Json by_task_pairs(const Tensor& matrix, const std::vector<Task>& tasks, bool with_itself) {
  Json found = Json::object();
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    for (std::size_t other = 0; other < tasks.size(); ++other) {
      if (t == other && !with_itself) continue;
      found[tasks[t].name][tasks[other].name] =
          matrix[static_cast<std::int64_t>(t)][static_cast<std::int64_t>(other)].item<double>();
    }
  }
  return found;
}

}  // namespace

Json task_similarity(const MultiTaskModel& model) {
  const Tensor matrix = model.architecture().task_similarity();
  return matrix.defined() ? by_task_pairs(matrix, model.tasks(), /*with_itself=*/true) : Json::object();
}

Json task_weights(const Objective& objective, const std::vector<Task>& tasks) {
  Json found = Json::object();
  for (const auto& [term, matrix] : objective.task_weights()) {
    found[term] = by_task_pairs(matrix, tasks, /*with_itself=*/false);
  }
  return found;
}

Json loss_weights(const GradientWeighting& weighting, const std::vector<Task>& tasks) {
  const Tensor weights = weighting.found_weights();
  Json found = Json::object();
  for (std::size_t t = 0; weights.defined() && t < tasks.size(); ++t) {
    found[tasks[t].name] = weights[static_cast<std::int64_t>(t)].item<double>();
  }
  return found;
}

Json representation_json(const MultiTaskModel& model, const BatchReader& batches) {
  const std::vector<LabelledRows> rows = collect_labelled_rows(model, batches, /*outputs=*/true);
  Json found = Json::object();
  for (std::size_t t = 0; t < rows.size(); ++t) {
    if (!rows[t].pooled.defined()) continue;
    const Task& task = model.tasks()[t];
    found[task.name] = to_json(representation_quality(task.kind, rows[t].pooled, rows[t].output, rows[t].labels));
  }
  return found;
}

}  // namespace infomtl
