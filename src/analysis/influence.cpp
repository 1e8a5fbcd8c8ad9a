#include "infomtl/analysis/influence.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "analysis/influence_tasks.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/influence/ekfac.h"
#include "infomtl/ops/minimize.h"
#include "infomtl/ops/tensor.h"

namespace infomtl {
namespace {

// Iterations of L-BFGS: those before EK-FAC is first made, those between making it anew, those between keeping the point.
constexpr std::int64_t kFirstRound = 30;
constexpr std::int64_t kRound = 100;
constexpr std::int64_t kKeepEvery = 100;
constexpr double kFarFromSolved = 0.1;  // relative residual

ops::OutputLoss loss_of(TaskKind kind) {
  if (kind == TaskKind::regression) return ops::OutputLoss::squared_error;
  return kind == TaskKind::multi_label ? ops::OutputLoss::binary_cross_entropy : ops::OutputLoss::cross_entropy;
}

/// Rows whose features and label stand earlier in the task, too.
std::int64_t repeated_rows(const InfluenceTask& task) {
  const Tensor features = task.features.to(torch::kFloat32).contiguous();
  const std::int64_t rows = features.size(0);
  const Tensor labels = task.labels.to(torch::kFloat32).reshape({rows, -1}).contiguous();
  std::unordered_set<std::size_t> seen;  // hashes: two rows in 10^19 are taken for equal
  std::int64_t repeated = 0;
  const auto bytes = [](const Tensor& of, std::int64_t row) {
    return std::string(reinterpret_cast<const char*>(of.const_data_ptr<float>() + row * of.size(1)),
                       static_cast<std::size_t>(of.size(1)) * sizeof(float));
  };
  for (std::int64_t i = 0; i < rows; ++i) {
    if (!seen.insert(std::hash<std::string>()(bytes(features, i) + bytes(labels, i))).second) ++repeated;
  }
  return repeated;
}

std::string unusable_kind(const InfluenceTask& task) {
  return task.kind == TaskKind::tagging ? "labels words; influence is that of texts with one label each" : "";
}

/// Why a task cannot be looked at; "" where it can.
std::string unusable(const InfluenceTask& task) {
  if (std::string kind = unusable_kind(task); !kind.empty()) return kind;
  if (task.features.size(0) == 0) return "has no training row";
  if (!task.validation_features.defined() || task.validation_features.size(0) == 0) {
    return "has no labelled validation row; influence is on the validation loss";
  }
  if (task.kind == TaskKind::classification && (task.labels == task.labels[0]).all().item<bool>()) {
    return "all " + std::to_string(task.labels.size(0)) + " training rows have one class; nothing is learned from them";
  }
  return "";
}

/// All of them are told at once.
void refuse_where(const std::vector<InfluenceTask>& tasks, std::string (*reason)(const InfluenceTask&)) {
  std::vector<std::string> found, others;
  for (const InfluenceTask& task : tasks) {
    const std::string why = reason(task);
    if (why.empty()) {
      others.push_back(task.name);
    } else {
      found.push_back("task \"" + task.name + "\": " + why);
    }
  }
  if (found.empty()) return;
  throw UserError(joined(found, "; ") +
                  (others.empty() ? ". No task is left" : ". Name the others: --tasks " + joined(others, ",")));
}

void refuse_other_heads(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings) {
  if (settings.shared != "common" && (settings.shared != "none" || settings.sharing != "soft")) return;
  for (const InfluenceTask& task : tasks) {
    if (task.outputs == tasks[0].outputs) continue;
    throw UserError("task \"" + task.name + "\": " + std::to_string(task.outputs) + " outputs, but task \"" +
                    tasks[0].name + "\" has " + std::to_string(tasks[0].outputs) +
                    "; heads of different sizes can share an adapter only: --shared adapter:32");
  }
}

void note_repeated_rows(const std::vector<InfluenceTask>& tasks, std::vector<std::string>& notes) {
  for (const InfluenceTask& task : tasks) {
    const std::int64_t repeated = repeated_rows(task);
    if (repeated == 0) continue;
    notes.push_back("task \"" + task.name + "\": " + std::to_string(repeated) + " of " +
                    std::to_string(task.features.size(0)) +
                    " training rows repeat an earlier one; the influence of a row is that of one copy");
  }
}

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

void report_progress(const InfluenceHooks& hooks, const std::string& text) {
  if (hooks.stop != nullptr && *hooks.stop) throw InfluenceStopped();
  if (hooks.progress) hooks.progress(text);
}

std::optional<Tensor> kept_stage(const InfluenceHooks& hooks, const char* stage) {
  return hooks.kept ? hooks.kept(stage) : std::nullopt;
}

void keep_stage(const InfluenceHooks& hooks, const char* stage, const Tensor& value) {
  if (hooks.keep) hooks.keep(stage, value);
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}

ops::SharedObjective objective_over(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings,
                                    bool validation) {
  std::vector<ops::LabelledFeatures> rows;
  rows.reserve(tasks.size());
  for (const InfluenceTask& task : tasks) {
    rows.push_back({.loss = loss_of(task.kind),
                    .outputs = task.outputs,
                    .features = validation ? task.validation_features : task.features,
                    .labels = validation ? task.validation_labels : task.labels,
                    .weights = {},
                    .name = task.name});
  }
  return {std::move(rows), shared_settings(settings)};
}

}  // namespace

void refuse_kinds(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings) {
  if (tasks.empty()) throw UserError("influence: no task");
  refuse_where(tasks, unusable_kind);
  refuse_other_heads(tasks, settings);
}

void refuse_unusable(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings) {
  refuse_where(tasks, unusable);
  refuse_kinds(tasks, settings);
}

ops::SharedObjective training_objective(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings) {
  return objective_over(tasks, settings, false);
}

ops::SharedObjective validation_objective(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings) {
  return objective_over(tasks, settings, true);
}

StationaryPoint stationary_point(const ops::SharedObjective& objective, const InfluenceSettings& settings,
                                 const InfluenceHooks& hooks) {
  StationaryPoint found;
  found.tolerance = settings.tolerance > 0 ? settings.tolerance : (objective.convex() ? 1e-8 : 1e-6);
  std::int64_t left = settings.iterations;
  Tensor start = objective.start(derive_seed(static_cast<std::uint64_t>(settings.seed), "influence/start"));
  if (const std::optional<Tensor> begun = kept_stage(hooks, "begun")) start = *begun;
  if (const std::optional<Tensor> done = kept_stage(hooks, "parameters")) {
    start = *done;
    left = 0;
  }
  Tensor newest;
  const auto function = [&](const Tensor& w) {
    ops::ValueAndGradient at = objective.value_and_gradient(w);
    newest = w;
    return std::pair(at.value, std::move(at.gradient));
  };
  ops::MinimizeOptions options{.tolerance = found.tolerance, .iterations = left};
  options.progress = [&](std::int64_t iteration, double value, double gradient) {
    const std::int64_t all = found.iterations + iteration;
    if (all % kKeepEvery == 0) keep_stage(hooks, "begun", newest);
    report_progress(hooks, "heads, iteration " + std::to_string(all) + ", loss " + short_number(value) + ", gradient " +
                               short_number(gradient));
    return true;
  };
  // Features vary in very different degrees along their directions. EK-FAC evens that out: it is made anew now and then.
  const bool evened = !objective.settings().soft && objective.settings().ridge > 0;
  if (evened) options.iterations = std::min(left, kFirstRound);
  ops::Minimum minimum = ops::minimize(function, start, options);
  found.iterations = minimum.iterations;
  while (evened && !minimum.reached && minimum.iterations > 0 && found.iterations < left) {
    const auto near = std::make_shared<ops::EkfacInverse>(objective, minimum.point);
    options.inverse = [near](const Tensor& v) { return near->times(v.unsqueeze(0)).squeeze(0); };
    options.iterations = std::min(left - found.iterations, kRound);
    minimum = ops::minimize(function, minimum.point, options);
    found.iterations += minimum.iterations;
  }
  found.parameters = minimum.point;
  found.value = minimum.value;
  found.gradient = minimum.gradient;
  found.reached = minimum.reached;
  if (left > 0) keep_stage(hooks, "parameters", found.parameters);
  return found;
}

Tensor validation_gradients(const ops::SharedObjective& validation, const Tensor& parameters) {
  std::vector<Tensor> gradients;
  for (std::size_t k = 0; k < validation.tasks().size(); ++k) {
    gradients.push_back(validation.task_loss(parameters, k).gradient);
  }
  return at::stack(gradients);
}

std::vector<Tensor> row_influences(const ops::SharedObjective& training, const Tensor& parameters,
                                   const Tensor& inverse) {
  std::vector<Tensor> found;
  for (std::size_t l = 0; l < training.tasks().size(); ++l) {
    const auto rows = static_cast<double>(training.tasks()[l].features.size(0));
    found.push_back(training.row_products(parameters, l, inverse) / -rows);
  }
  return found;
}

InfluenceResult influence_of(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings,
                             const InfluenceHooks& hooks) {
  const at::NoGradGuard no_grad;
  check_fields(settings, "influence");
  InfluenceResult found;
  refuse_unusable(tasks, settings);
  note_repeated_rows(tasks, found.notes);
  for (const InfluenceTask& task : tasks) {
    found.tasks.push_back(task.name);
    found.numbers.push_back(task.numbers);
  }
  const ops::SharedObjective training = training_objective(tasks, settings);
  const ops::SharedObjective validation = validation_objective(tasks, settings);
  found.shared_parameters = training.places().shared;
  found.parameters = training.places().total;

  const Stopwatch training_time;
  found.point = stationary_point(training, settings, hooks);
  found.seconds.emplace_back("heads", training_time.seconds());
  if (!found.point.reached) {
    found.warnings.push_back("the heads are not at a stationary point: the gradient has the length " +
                             short_number(found.point.gradient) + ", above " + short_number(found.point.tolerance) +
                             (settings.ridge == 0 ? "; without a ridge there may be none" : ""));
  }
  const Stopwatch inverse_time;
  const Tensor gradients = validation_gradients(validation, found.point.parameters);
  for (std::size_t k = 0; k < tasks.size(); ++k) {
    found.validation_losses.push_back(validation.task_loss(found.point.parameters, k).value);
    if (gradients[static_cast<std::int64_t>(k)].abs().max().item<double>() == 0) {
      found.notes.push_back("task \"" + tasks[k].name +
                            "\": its validation loss has no gradient, so no row has an influence on it");
    }
  }
  ops::InverseSettings how = inverse_settings(settings);
  how.seed = derive_seed(how.seed, "influence/inverse");
  std::optional<Tensor> inverse = kept_stage(hooks, "inverse");
  found.backend = ops::chosen_backend(training, how);
  found.kept = inverse.has_value();
  if (!inverse) {
    const ops::InverseCurvature solved =
        ops::inverse_curvature_products(training, found.point.parameters, gradients, how,
                                        [&](const std::string& text) { report_progress(hooks, text); });
    inverse = solved.vectors;
    found.notes.insert(found.notes.end(), solved.notes.begin(), solved.notes.end());
    keep_stage(hooks, "inverse", *inverse);
  }
  found.residual = ops::inverse_residual(training, found.point.parameters, *inverse, gradients, how);
  if (!(found.residual <= kFarFromSolved)) {
    found.warnings.push_back("backend " + found.backend.name + ": the relative residual of the inverse products is " +
                             short_number(found.residual) + ", above " + short_number(kFarFromSolved) +
                             "; they are far from those of the inverse curvature");
  }
  found.seconds.emplace_back("inverse", inverse_time.seconds());
  const Stopwatch row_time;
  report_progress(hooks, "rows");
  found.rows = row_influences(training, found.point.parameters, *inverse);
  std::vector<Tensor> sums;
  for (const Tensor& rows : found.rows) sums.push_back(rows.sum(0));
  found.sums = at::stack(sums);
  found.seconds.emplace_back("rows", row_time.seconds());
  return found;
}

}  // namespace infomtl
