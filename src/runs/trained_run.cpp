#include "infomtl/runs/trained_run.h"

#include <algorithm>
#include <optional>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/train/evaluation.h"
#include "runs/assembly.h"
#include "runs/environment.h"
#include "runs/predict.h"
#include "runs/results_of_evaluation.h"
#include "runs/run_folder.h"

namespace infomtl {
struct TrainedRun::Implementation {
  std::vector<LoadedModel> models;  ///< one, or one per task
  std::vector<Task> tasks;
};

TrainedRun::TrainedRun(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
TrainedRun::TrainedRun(TrainedRun&&) noexcept = default;
TrainedRun::~TrainedRun() = default;

TrainedRun TrainedRun::load(const std::filesystem::path& run) {
  auto implementation = std::make_unique<Implementation>();
  if (const RunFolder folder(run); folder.single()) {
    const std::optional<Results> results = folder.finished();
    if (!results) throw IoError(run.string() + ": the run is not finished");
    for (const auto& [task, result] : results->tasks) {
      implementation->models.push_back(load_model(folder.single_task(task)));
    }
  } else {
    implementation->models.push_back(load_model(run));
  }
  for (const LoadedModel& loaded : implementation->models) {
    const std::vector<Task>& tasks = loaded.model->tasks();
    implementation->tasks.insert(implementation->tasks.end(), tasks.begin(), tasks.end());
  }
  return TrainedRun(std::move(implementation));
}

const std::vector<Task>& TrainedRun::tasks() const { return implementation_->tasks; }

Results TrainedRun::evaluate(const std::string& split) {
  const Split which = split_named(split);
  Results results;
  for (const LoadedModel& loaded : implementation_->models) {
    results.seed = loaded.config.trainer.seed;
    results.selected_epoch = loaded.epoch;
    results.selection_split = loaded.config.trainer.selection.split;
    results.selection_monitor = loaded.config.trainer.selection.monitor;
    results.environment = environment_json(loaded.config.device.str());
    const TaskData data(load_dataset(loaded.config.data, results.seed), loaded.tokenizer,
                        static_cast<std::size_t>(loaded.config.encoder.max_length));
    add_evaluation(results, loaded.model->tasks(), split,
                   evaluate_model(*loaded.model, nullptr, data, which, loaded.config.trainer.evaluation_batch_size, 0));
  }
  results.average_tasks();
  if (implementation_->models.size() == 1) results.task_similarity = task_similarity(*implementation_->models[0].model);
  return results;
}

std::vector<Json> TrainedRun::predict(const std::string& task,
                                      const std::vector<std::pair<std::string, std::string>>& texts) {
  std::vector<std::string> known;
  for (const LoadedModel& loaded : implementation_->models) {
    const std::vector<Task>& tasks = loaded.model->tasks();
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      known.push_back(tasks[t].name);
      if (tasks[t].name != task) continue;
      return predict_texts(*loaded.model, t, *loaded.tokenizer,
                           static_cast<std::size_t>(loaded.config.encoder.max_length), texts);
    }
  }
  throw UnknownNameError("no task \"" + task + "\" in this run" + did_you_mean(task, known));
}

Results score_split(const std::filesystem::path& run, const std::string& split) {
  RunFolder folder(run);
  std::optional<Results> results = folder.finished();
  if (!results) throw IoError(run.string() + ": the run is not finished");
  const std::vector<std::string> scored = results->splits();
  if (std::find(scored.begin(), scored.end(), split) != scored.end()) return *std::move(results);
  folder.lock();
  for (const auto& [name, task] : TrainedRun::load(run).evaluate(split).tasks) {
    for (auto& [known, entry] : results->tasks) {
      if (known != name) continue;
      entry.score.insert(task.score.begin(), task.score.end());
      entry.all.insert(task.all.begin(), task.all.end());
    }
  }
  results->average_tasks();
  write_file_atomically(folder.results(), results->to_json().dump(2) + "\n");
  return *std::move(results);
}

}  // namespace infomtl
