#include "runs/single_task_runs.h"

#include <algorithm>
#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/data/read_datasets.h"
#include "infomtl/runs/trained_run.h"
#include "runs/run_config.h"
#include "runs/training_record.h"

namespace infomtl {

Json single_task_config(const Json& effective, std::size_t index, const std::string& task) {
  Json config = effective;
  config["data"]["tasks"] = Json::array({effective.at("data").at("tasks").at(index)});
  if (config["data"].contains("leave_out") && config["data"]["leave_out"].is_object()) {
    const Json rows = config["data"]["leave_out"].value("rows", Json::object());
    Json own = Json::object();
    if (rows.contains(task)) own[task] = rows.at(task);
    config["data"]["leave_out"] = {{"rows", own}};
  }
  config["training"]["regime"] = "alternating";
  for (const char* const list : {"losses", "penalties"}) {
    if (!effective.contains(list)) continue;
    Json terms = Json::array();
    for (Json term : effective.at(list)) {
      if (term.is_object() && term.contains("tasks")) {
        const Json& names = term["tasks"];
        if (!names.empty() && std::find(names.begin(), names.end(), Json(task)) == names.end()) continue;
        term.erase("tasks");
      }
      terms.push_back(std::move(term));
    }
    config[list] = std::move(terms);
  }
  if (config["training"].contains("unsupervised_tasks")) {
    Json kept = Json::array();
    for (const Json& name : config["training"]["unsupervised_tasks"]) {
      if (name == Json(task)) kept.push_back(name);
    }
    config["training"]["unsupervised_tasks"] = std::move(kept);
  }
  if (config["training"].contains("selection")) {
    Json& selection = config["training"]["selection"];
    const std::string monitor = selection.value("monitor", "average");
    if (monitor != "loss" && monitor != "last") selection["monitor"] = "average";  // of the one task
  }
  return config;
}

SingleTaskRuns::SingleTaskRuns(const Config& config, ExperimentOptions options)
    : options_(std::move(options)), folder_(options_.output, options_.stop_after_epochs) {
  RunConfig read = RunConfig::read(config);
  notes_ = config.notes();
  if (options_.seed) read.trainer.seed = *options_.seed;
  seed_ = read.trainer.seed;
  effective_ = read.effective();
  effective_["training"]["regime"] = "single";
  folder_.set_data_moved(!options_.data_folder.empty());
  if (options_.more_epochs) extended_from_ = folder_.extended_from(effective_);
  if (!extended_from_) results_ = folder_.finished();
  if (!results_) {
    folder_.check_place();
    folder_.refuse_unfinished(options_.resume);
  }
  if (!extended_from_) folder_.refuse_other_config(effective_);
  if (results_) return;
  const auto datasets = options_.datasets != nullptr ? options_.datasets : std::make_shared<ReadDatasets>();
  for (const Task& task : datasets->load(read.data, seed_).tasks) tasks_.push_back(task.name);
  if (effective_.at("data").at("tasks").size() != tasks_.size()) {
    read.data.fail("tasks", "a record of several tasks cannot be trained in the regime \"single\"; give each its own");
  }
  check_runs();
}

void SingleTaskRuns::check_runs() const {
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    if (RunFolder(folder_.single_task(tasks_[t])).finished()) continue;
    with_context("task \"" + tasks_[t] + "\" alone", [&] {
      Experiment::from_config(config_of(t), {.seed = seed_,
                                             .output = folder_.path() / ".check",
                                             .one_of_several = tasks_.size() > 1,
                                             .datasets = options_.datasets});
    });
  }
}

Config SingleTaskRuns::config_of(std::size_t task) const {
  Config config = Config::from_json(single_task_config(effective_, task, tasks_[task]), "config.json");
  config.collect_notes(notes_);
  return config;
}

void SingleTaskRuns::on_report(std::function<void(const StepReport&)> listener) {
  report_listeners_.push_back(std::move(listener));
}
void SingleTaskRuns::on_epoch(std::function<void(std::int64_t, const Evaluation&, bool)> listener) {
  epoch_listeners_.push_back(std::move(listener));
}

Results SingleTaskRuns::fit(const std::atomic<bool>* stop) {
  if (results_) return *results_;
  folder_.lock();  // of the whole run; each task's has its own
  if (extended_from_) folder_.set_results_aside(*extended_from_);
  write_file_atomically(folder_.config(), effective_.dump(2) + "\n");
  Results merged;
  std::vector<Json> records;
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    ExperimentOptions own = options_;
    own.seed = seed_;
    own.one_of_several = tasks_.size() > 1;
    own.resume = true;  // runs of tasks already finished are kept
    own.output = folder_.single_task(tasks_[t]);
    const bool trained_before = RunFolder(own.output).finished().has_value();
    Results one = with_context("task \"" + tasks_[t] + "\" alone", [&] {
      Experiment run = Experiment::from_config(config_of(t), own);
      for (const auto& listener : report_listeners_) run.on_report(listener);
      for (const auto& listener : epoch_listeners_) run.on_epoch(listener);
      return run.fit(stop);
    });
    if (one.tasks.empty()) {
      Results stopped;
      stopped.seed = seed_;
      return stopped;
    }
    // It was perhaps asked for fewer splits then; all tasks have to have the same.
    if (trained_before) one = with_splits(own.output, std::move(one), own.scored_splits);
    merged.tasks.push_back(one.tasks.front());
    for (const auto& [split, tasks] : one.representation.items()) merged.representation[split].update(tasks);
    records.push_back(one.training);
    merged.selection_split = one.selection_split;
    merged.selection_monitor = one.selection_monitor;
    merged.environment = one.environment;
  }
  merged.seed = seed_;
  merged.training = added_up(records);
  merged.average_tasks();
  write_file_atomically(folder_.results(), merged.to_json().dump(2) + "\n");
  results_ = merged;
  return merged;
}

}  // namespace infomtl
