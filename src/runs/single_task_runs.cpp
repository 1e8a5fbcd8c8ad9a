#include "runs/single_task_runs.h"

#include <algorithm>

#include "infomtl/core/errors.h"

namespace infomtl {

std::filesystem::path single_task_folder(const std::filesystem::path& run, const std::string& task) {
  return run / "single" / task;
}

Json single_task_config(const Json& effective, std::size_t index, const std::string& task) {
  Json config = effective;
  config["data"]["tasks"] = Json::array({effective.at("data").at("tasks").at(index)});
  config["training"]["regime"] = "alternating";
  Json terms = Json::array();
  for (Json term : effective.at("losses")) {
    if (term.is_object() && term.contains("tasks")) {
      const Json& names = term["tasks"];
      if (!names.empty() && std::find(names.begin(), names.end(), Json(task)) == names.end()) continue;
      term.erase("tasks");
    }
    terms.push_back(std::move(term));
  }
  config["losses"] = std::move(terms);
  if (config["training"].contains("selection")) {
    Json& selection = config["training"]["selection"];
    const std::string monitor = selection.value("monitor", "average");
    if (monitor != "loss" && monitor != "last") selection["monitor"] = "average";  // of the one task
  }
  return config;
}

SingleTaskRuns::SingleTaskRuns(Json effective, const std::vector<Task>& tasks, std::uint64_t seed,
                               std::filesystem::path folder)
    : effective_(std::move(effective)), seed_(seed), folder_(std::move(folder)) {
  for (const Task& task : tasks) tasks_.push_back(task.name);
  if (effective_.at("data").at("tasks").size() != tasks_.size()) {
    throw StateError("a task record is expected for each task");
  }
}

std::optional<Results> SingleTaskRuns::fit(
    const ExperimentOptions& options, const std::vector<std::function<void(const StepReport&)>>& report_listeners,
    const std::vector<std::function<void(std::int64_t, const Evaluation&, bool)>>& epoch_listeners,
    const std::atomic<bool>* stop) const {
  Results merged;
  std::int64_t steps = 0;
  double seconds = 0, examples = 0, tokens = 0;
  std::int64_t peak = 0;
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    ExperimentOptions own = options;
    own.seed = seed_;
    own.resume = true;  // runs of tasks already finished are kept
    own.output = single_task_folder(folder_, tasks_[t]);
    Results one = with_context("task \"" + tasks_[t] + "\" alone", [&] {
      Experiment run =
          Experiment::from_config(Config::from_json(single_task_config(effective_, t, tasks_[t]), "config.json"), own);
      for (const auto& listener : report_listeners) run.on_report(listener);
      for (const auto& listener : epoch_listeners) run.on_epoch(listener);
      return run.fit(stop);
    });
    if (one.tasks.empty()) return std::nullopt;
    merged.tasks.push_back(one.tasks.front());
    const double own_seconds = one.training.at("seconds").get<double>();
    steps += one.training.at("steps").get<std::int64_t>();
    seconds += own_seconds;
    examples += own_seconds * one.training.at("examples_per_second").get<double>();
    tokens += own_seconds * one.training.at("tokens_per_second").get<double>();
    peak = std::max(peak, one.training.at("peak_memory_bytes").get<std::int64_t>());
    merged.selection_split = one.selection_split;
    merged.selection_monitor = one.selection_monitor;
    merged.environment = one.environment;
  }
  merged.seed = seed_;
  const auto rate = [&](double count) { return seconds > 0 ? count / seconds : 0.0; };
  merged.training = {{"steps", steps},
                     {"seconds", seconds},
                     {"examples_per_second", rate(examples)},
                     {"tokens_per_second", rate(tokens)},
                     {"peak_memory_bytes", peak}};
  merged.average_tasks();
  return merged;
}

}  // namespace infomtl
