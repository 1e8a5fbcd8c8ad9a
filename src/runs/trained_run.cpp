#include <algorithm>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/data/task_json.h"
#include "infomtl/runs/experiment.h"
#include "infomtl/train/checkpoint.h"
#include "infomtl/train/evaluation.h"
#include "runs/environment.h"
#include "runs/predict.h"
#include "runs/results_of_evaluation.h"
#include "runs/run_config.h"
#include "runs/run_folder.h"
#include "runs/single_task_runs.h"

namespace infomtl {
namespace {

/// One model with the tasks it knows.
struct LoadedModel {
  RunConfig config;
  std::shared_ptr<MultiTaskModel> model;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::int64_t epoch = -1;  ///< that the checkpoint was chosen after
};

LoadedModel load_model(const std::filesystem::path& run) {
  const RunFolder folder(run);
  if (!std::filesystem::exists(folder.config()))
    throw IoError(run.string() + ": not a run folder, it has no config.json");
  if (!std::filesystem::exists(folder.best().parent_path())) throw IoError(run.string() + ": has no checkpoint yet");
  recover_folder(folder.best());
  if (!std::filesystem::exists(folder.best())) throw IoError(run.string() + ": has no best checkpoint yet");
  Json config = read_json(folder.config());
  if (!config.is_object()) throw FormatError(folder.config().string() + ": must be an object");
  if (!config.contains("encoder") || !config["encoder"].is_object()) {
    throw FormatError(folder.config().string() + "#/encoder: must be an object");
  }
  // What was trained lies in the checkpoint; the encoder it started from is not needed any more.
  config["encoder"]["path"] = std::filesystem::absolute(folder.best()).string();
  LoadedModel loaded{
      .config = RunConfig::read(Config::from_json(config, folder.config().string())), .model = {}, .tokenizer = {}};
  const Json state = verify_checkpoint(folder.best());
  loaded.epoch = state.at("progress").value("best_epoch", std::int64_t{-1});
  std::vector<Task> tasks;
  for (const Json& task : state.at("tasks")) tasks.push_back(task_from_json(task));
  loaded.model = build_model(loaded.config.config, load_encoder(folder.best()),
                             pooling_named(loaded.config.encoder.pooling), tasks, loaded.config.trainer.seed);
  loaded.model->set_precision(loaded.config.precision);
  read_checkpoint_model(folder.best(), *loaded.model);
  loaded.model->to(loaded.config.device);
  loaded.tokenizer = load_tokenizer(folder.best());
  return loaded;
}

}  // namespace

struct TrainedRun::Implementation {
  std::vector<LoadedModel> models;  ///< one, or one per task in the regime "single"
  std::vector<Task> tasks;
};

TrainedRun::TrainedRun(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
TrainedRun::TrainedRun(TrainedRun&&) noexcept = default;
TrainedRun::~TrainedRun() = default;

TrainedRun TrainedRun::load(const std::filesystem::path& run) {
  auto implementation = std::make_unique<Implementation>();
  if (const RunFolder folder(run); std::filesystem::exists(run / "single")) {
    const std::optional<Results> results = folder.finished();
    if (!results) throw IoError(run.string() + ": the run is not finished");
    for (const auto& [task, result] : results->tasks) {
      implementation->models.push_back(load_model(single_task_folder(run, task)));
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
    const TaskData data(load_dataset(loaded.config.config.object("data"), results.seed), loaded.tokenizer,
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

}  // namespace infomtl
