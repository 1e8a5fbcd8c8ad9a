#include "infomtl/runs/trained_run.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "infomtl/runs/run.h"
#include "infomtl/step/features.h"
#include "infomtl/train/evaluation.h"
#include "runs/assembly.h"
#include "runs/environment.h"
#include "runs/predict.h"
#include "runs/results_of_evaluation.h"
#include "runs/run_folder.h"

namespace infomtl {
namespace {

TaskData data_of(const LoadedModel& loaded) {
  return {load_dataset(loaded.config.data, loaded.config.trainer.seed), loaded.tokenizer,
          static_cast<std::size_t>(loaded.config.encoder.max_length)};
}

}  // namespace

struct TrainedRun::Implementation {
  std::vector<LoadedModel> models;  ///< one, or one per task
  std::vector<Task> tasks;

  Results evaluate(const std::string& split, const EmbeddingNoise* noise) const;
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

TrainedRun TrainedRun::at_start(const Config& config) {
  RunConfig read = RunConfig::read(RunPlan::of(config).config);
  RunParts parts = load_parts(read);
  auto implementation = std::make_unique<Implementation>();
  implementation->tasks = parts.model->tasks();
  std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(read.encoder.path);
  implementation->models.push_back(
      {.config = std::move(read), .model = std::move(parts.model), .tokenizer = std::move(tokenizer)});
  return TrainedRun(std::move(implementation));
}

const std::vector<Task>& TrainedRun::tasks() const { return implementation_->tasks; }

bool TrainedRun::shares_encoder() const { return implementation_->models.size() == 1; }

Results TrainedRun::evaluate(const std::string& split) { return implementation_->evaluate(split, nullptr); }

Results TrainedRun::evaluate(const std::string& split, const EmbeddingNoise& noise) {
  return implementation_->evaluate(split, &noise);
}

Results TrainedRun::Implementation::evaluate(const std::string& split, const EmbeddingNoise* noise) const {
  const Split which = split_named(split);
  const std::string name = noise == nullptr ? split : split + " " + noise->name();
  Results results;
  for (const LoadedModel& loaded : models) {
    results.seed = loaded.config.trainer.seed;
    results.selected_epoch = loaded.epoch;
    results.selection_split = loaded.config.trainer.selection.split;
    results.selection_monitor = loaded.config.trainer.selection.monitor;
    results.environment = environment_json(loaded.config.device.str());
    add_evaluation(results, loaded.model->tasks(), name,
                   evaluate_model(*loaded.model, nullptr, data_of(loaded), which,
                                  loaded.config.trainer.evaluation_batch_size, 0, noise));
  }
  if (!results.scored()) {
    throw UserError("no task of this run has rows in the " + split +
                    " split, so there is nothing to score; take another " +
                    "with --split, or add one to the task records");
  }
  results.average_tasks();
  if (models.size() == 1) results.task_similarity = task_similarity(*models[0].model);
  return results;
}

std::vector<TaskOutputs> TrainedRun::outputs(const std::string& split) {
  const Split which = split_named(split);
  std::vector<TaskOutputs> found;
  for (const LoadedModel& loaded : implementation_->models) {
    const TaskData data = data_of(loaded);
    const std::int64_t batch_size = loaded.config.trainer.evaluation_batch_size;
    const Features features = collect_features(*loaded.model, data, which, {.batch_size = batch_size, .outputs = true});
    const auto embeddings = embedding_covariances(*loaded.model, data, which, batch_size);
    for (std::size_t t = 0; t < features.tasks.size(); ++t) {
      const TaskFeatures& task = features.tasks[t];
      if (task.rows.size(0) == 0) continue;
      found.push_back({.name = loaded.model->tasks()[t].name,
                       .kind = loaded.model->tasks()[t].kind,
                       .shared = features.pooled.index_select(0, task.rows),
                       .output = task.output,
                       .labels = task.labels});
      if (!embeddings.empty()) found.back().embeddings = embeddings[t];
      found.back().numbers = data.dataset().split(which).tasks[t].numbers;
    }
  }
  return found;
}

std::string TrainedRun::fingerprint(const std::string& split) {
  const Split which = split_named(split);
  std::string parts;
  for (const LoadedModel& loaded : implementation_->models) {
    for (const auto& parameter : loaded.model->named_parameters()) {
      const torch::Tensor host = parameter.value().detach().to(torch::kCPU).contiguous();
      const std::string_view bytes(static_cast<const char*>(host.const_data_ptr()), host.nbytes());
      parts += parameter.key() + " " + sha256_of_text(bytes) + "\n";
    }
    parts += std::to_string(loaded.config.encoder.max_length) + " " + loaded.config.encoder.pooling + "\n";
    parts += infomtl::fingerprint(load_dataset(loaded.config.data, loaded.config.trainer.seed).split(which)) + "\n";
  }
  return sha256_of_text(parts);
}

std::vector<torch::Tensor> TrainedRun::gradient_cosines(const GradientCosineSettings& settings) {
  if (!shares_encoder()) throw StateError("tasks with an encoder each have no gradients to compare");
  const LoadedModel& loaded = implementation_->models.front();
  return infomtl::gradient_cosines(*loaded.model, data_of(loaded), settings);
}

std::vector<Json> TrainedRun::predict(const std::string& task,
                                      const std::vector<std::pair<std::string, std::string>>& texts,
                                      const PredictionSamples& samples) {
  std::vector<std::string> known;
  for (const LoadedModel& loaded : implementation_->models) {
    const std::vector<Task>& tasks = loaded.model->tasks();
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      known.push_back(tasks[t].name);
      if (tasks[t].name != task) continue;
      return predict_texts(*loaded.model, t, *loaded.tokenizer,
                           static_cast<std::size_t>(loaded.config.encoder.max_length), texts, samples);
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
  const Results found = TrainedRun::load(run).evaluate(split);
  results->add_joint(found);
  for (const auto& [name, task] : found.tasks) {
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
