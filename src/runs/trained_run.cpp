#include "infomtl/runs/trained_run.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "infomtl/core/config.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "infomtl/core/log.h"
#include "infomtl/runs/run_paths.h"
#include "infomtl/runs/run_plan.h"
#include "infomtl/step/features.h"
#include "infomtl/train/evaluation.h"
#include "runs/assembly.h"
#include "runs/environment.h"
#include "runs/predict.h"
#include "runs/results_of_evaluation.h"
#include "runs/run_folder.h"
#include "runs/run_place.h"

namespace infomtl {
namespace {

/// One split, without opening the files of the others.
Dataset split_of(const LoadedModel& loaded, Split split) {
  try {
    return load_split(loaded.config.data, loaded.model->tasks(), split, loaded.config.trainer.seed);
  } catch (const IoError& error) {
    throw IoError(std::string(error.what()) + "; data are looked for below " +
                  data_folder(loaded.config.config.json()).string() + ", --data FOLDER names another place");
  }
}

TaskData data_of(const LoadedModel& loaded, Split split) {
  return {split_of(loaded, split), loaded.tokenizer, static_cast<std::size_t>(loaded.config.encoder.max_length)};
}

}  // namespace

/// A model that is read when it is first asked for, and the tasks that it answers.
struct AnsweringModel {
  RunFolder run;
  std::filesystem::path checkpoint, data_root;
  std::vector<std::size_t> tasks;  ///< among the model's
  std::string note;                ///< said when it is read
  std::optional<LoadedModel> model = {};

  const LoadedModel& loaded() {
    if (!model) {
      if (!note.empty()) log::info(note);
      model.emplace(load_model(run, checkpoint, data_root));
    }
    return *model;
  }
  bool answers(std::size_t task) const { return std::find(tasks.begin(), tasks.end(), task) != tasks.end(); }
};

struct TrainedRun::Implementation {
  std::vector<AnsweringModel> models;  ///< one; or one per task; or several checkpoints of one run
  std::vector<Task> tasks;
  std::vector<std::pair<std::size_t, std::size_t>> answered_by;  ///< of each task: model, task among the model's

  void add(const RunPlace& place, const std::filesystem::path& data_root);
  std::size_t index_of(const std::string& task) const;
  Results evaluate(const std::string& split, const EmbeddingNoise* noise);
};

void TrainedRun::Implementation::add(const RunPlace& place, const std::filesystem::path& data_root) {
  const RunCheckpoints found = RunCheckpoints::of(place);
  std::vector<std::pair<std::size_t, std::size_t>> answering(found.tasks.size());
  for (const TasksOfCheckpoint& one : found.checkpoints) {
    std::vector<std::string> names;
    for (const std::size_t task : one.tasks) {
      answering[task] = {models.size(), task};
      names.push_back(found.tasks[task].name);
    }
    models.push_back(
        {.run = RunFolder(place.run),
         .checkpoint = one.checkpoint,
         .data_root = data_root,
         .tasks = one.tasks,
         .note = one.own ? joined(names) + ": own best checkpoint, of step " + std::to_string(one.step) : ""});
  }
  tasks.insert(tasks.end(), found.tasks.begin(), found.tasks.end());
  answered_by.insert(answered_by.end(), answering.begin(), answering.end());
}

std::size_t TrainedRun::Implementation::index_of(const std::string& task) const {
  std::vector<std::string> known;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (tasks[t].name == task) return t;
    known.push_back(tasks[t].name);
  }
  throw UnknownNameError("no task \"" + task + "\" in this run" + did_you_mean(task, known));
}

TrainedRun::TrainedRun(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
TrainedRun::TrainedRun(TrainedRun&&) noexcept = default;
TrainedRun::~TrainedRun() = default;

TrainedRun TrainedRun::load(const std::filesystem::path& run, const std::filesystem::path& data_root) {
  auto implementation = std::make_unique<Implementation>();
  const RunPlace place = run_place(run);
  if (const RunFolder folder(place.run); folder.single()) {
    const std::optional<Results> results = folder.finished();
    if (!results) throw IoError(run.string() + ": the run is not finished");
    for (const auto& [task, result] : results->tasks) {
      implementation->add({.run = folder.single_task(task)}, data_root);
    }
  } else {
    implementation->add(place, data_root);
  }
  implementation->models.front().loaded();  // what cannot be read is told now
  return TrainedRun(std::move(implementation));
}

TrainedRun TrainedRun::at_start(const Config& config) {
  RunConfig read = RunConfig::read(RunPlan::of(config).config);
  RunParts parts = load_parts(read);
  auto implementation = std::make_unique<Implementation>();
  implementation->tasks = parts.model->tasks();
  std::vector<std::size_t> all(implementation->tasks.size());
  for (std::size_t t = 0; t < all.size(); ++t) {
    all[t] = t;
    implementation->answered_by.emplace_back(0, t);
  }
  std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(read.encoder.path);
  LoadedModel loaded{.config = std::move(read), .model = std::move(parts.model), .tokenizer = std::move(tokenizer)};
  implementation->models.push_back({.run = RunFolder({}),
                                    .checkpoint = {},
                                    .data_root = {},
                                    .tasks = std::move(all),
                                    .note = {},
                                    .model = std::move(loaded)});
  return TrainedRun(std::move(implementation));
}

const std::vector<Task>& TrainedRun::tasks() const { return implementation_->tasks; }

bool TrainedRun::shares_encoder() const { return implementation_->models.size() == 1; }

Results TrainedRun::evaluate(const std::string& split) { return implementation_->evaluate(split, nullptr); }

Results TrainedRun::evaluate(const std::string& split, const EmbeddingNoise& noise) {
  return implementation_->evaluate(split, &noise);
}

namespace {

void describe(Results& results, const LoadedModel& loaded) {
  results.seed = loaded.config.trainer.seed;
  results.selected_epoch = loaded.epoch;
  results.selection_split = loaded.config.trainer.selection.split;
  results.selection_monitor = loaded.config.trainer.selection.monitor;
  results.environment = environment_json(loaded.config.device.str());
}

}  // namespace

Results TrainedRun::Implementation::evaluate(const std::string& split, const EmbeddingNoise* noise) {
  const Split which = split_named(split);
  const std::string name = noise == nullptr ? split : split + " " + noise->name();
  Results unordered;
  for (AnsweringModel& one : models) {
    const LoadedModel& loaded = one.loaded();
    describe(unordered, loaded);
    const Evaluation scores = evaluate_model(*loaded.model, nullptr, data_of(loaded, which), which,
                                             loaded.config.trainer.evaluation_batch_size, 0, noise);
    add_evaluation(unordered, loaded.model->tasks(), name, scores, one.tasks);
  }
  Results results = unordered;
  results.tasks.clear();
  for (const Task& task : tasks) {
    const auto found = std::find_if(unordered.tasks.begin(), unordered.tasks.end(),
                                    [&](const auto& entry) { return entry.first == task.name; });
    if (found != unordered.tasks.end()) results.tasks.push_back(*found);
  }
  if (!results.scored()) {
    throw UserError("no task of this run has rows in the " + split +
                    " split, so there is nothing to score; take another " +
                    "with --split, or add one to the task records");
  }
  results.average_tasks();
  if (models.size() == 1) results.task_similarity = task_similarity(*models[0].loaded().model);
  return results;
}

Results TrainedRun::evaluate_file(const std::string& task, const std::filesystem::path& file) {
  const auto [model, own] = implementation_->answered_by[implementation_->index_of(task)];
  const LoadedModel& loaded = implementation_->models[model].loaded();
  const TaskData data(load_file(loaded.config.data, loaded.model->tasks(), own, file), loaded.tokenizer,
                      static_cast<std::size_t>(loaded.config.encoder.max_length));
  Results results;
  describe(results, loaded);
  add_evaluation(
      results, loaded.model->tasks(), file.filename().string(),
      evaluate_model(*loaded.model, nullptr, data, Split::test, loaded.config.trainer.evaluation_batch_size, 0), {own});
  results.average_tasks();
  return results;
}

std::vector<TaskOutputs> TrainedRun::outputs(const std::string& split) {
  const Split which = split_named(split);
  std::vector<TaskOutputs> found;
  for (AnsweringModel& one : implementation_->models) {
    const LoadedModel& loaded = one.loaded();
    const TaskData data = data_of(loaded, which);
    const std::int64_t batch_size = loaded.config.trainer.evaluation_batch_size;
    const Features features = collect_features(*loaded.model, data, which, {.batch_size = batch_size, .outputs = true});
    const auto embeddings = embedding_covariances(*loaded.model, data, which, batch_size);
    for (std::size_t t = 0; t < features.tasks.size(); ++t) {
      const TaskFeatures& task = features.tasks[t];
      if (task.rows.size(0) == 0 || !one.answers(t)) continue;
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
  for (AnsweringModel& answering : implementation_->models) {
    const LoadedModel& loaded = answering.loaded();
    for (const auto& parameter : loaded.model->named_parameters()) {
      const torch::Tensor host = parameter.value().detach().to(torch::kCPU).contiguous();
      const std::string_view bytes(static_cast<const char*>(host.const_data_ptr()), host.nbytes());
      parts += parameter.key() + " " + sha256_of_text(bytes) + "\n";
    }
    parts += std::to_string(loaded.config.encoder.max_length) + " " + loaded.config.encoder.pooling + "\n";
    parts += infomtl::fingerprint(split_of(loaded, which).split(which)) + "\n";
  }
  return sha256_of_text(parts);
}

std::vector<torch::Tensor> TrainedRun::gradient_cosines(const GradientCosineSettings& settings,
                                                        const std::function<void(std::int64_t)>& drawing) {
  if (!shares_encoder()) throw StateError("tasks with an encoder each have no gradients to compare");
  const LoadedModel& loaded = implementation_->models.front().loaded();
  return infomtl::gradient_cosines(*loaded.model, data_of(loaded, Split::train), settings, drawing);
}

std::vector<Json> TrainedRun::predict(const std::string& task,
                                      const std::vector<std::pair<std::string, std::string>>& texts,
                                      const PredictionSamples& samples) {
  const auto [model, own] = implementation_->answered_by[implementation_->index_of(task)];
  const LoadedModel& loaded = implementation_->models[model].loaded();
  return predict_texts(*loaded.model, {own}, *loaded.tokenizer,
                       static_cast<std::size_t>(loaded.config.encoder.max_length), texts, samples)
      .front();
}

std::vector<Json> TrainedRun::predict_all(const std::vector<std::pair<std::string, std::string>>& texts) {
  std::vector<std::vector<Json>> answers(tasks().size());
  for (std::size_t m = 0; m < implementation_->models.size(); ++m) {
    AnsweringModel& one = implementation_->models[m];
    const LoadedModel& loaded = one.loaded();
    std::vector<std::vector<Json>> own = predict_texts(
        *loaded.model, one.tasks, *loaded.tokenizer, static_cast<std::size_t>(loaded.config.encoder.max_length), texts);
    for (std::size_t t = 0; t < answers.size(); ++t) {
      const auto& [model, task] = implementation_->answered_by[t];
      if (model != m) continue;
      const auto place = std::find(one.tasks.begin(), one.tasks.end(), task) - one.tasks.begin();
      answers[t] = std::move(own[static_cast<std::size_t>(place)]);
    }
  }
  std::vector<Json> by_text(texts.size(), Json::object());
  for (std::size_t t = 0; t < answers.size(); ++t) {
    for (std::size_t i = 0; i < texts.size(); ++i) by_text[i][tasks()[t].name] = std::move(answers[t][i]);
  }
  return by_text;
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
      entry.classes.insert(task.classes.begin(), task.classes.end());
    }
  }
  results->average_tasks();
  write_file_atomically(folder.results(), results->to_json().dump(2) + "\n");
  return *std::move(results);
}

Results with_splits(const std::filesystem::path& run, Results results, const std::vector<std::string>& splits) {
  const std::vector<std::string> scored = results.splits();
  for (const std::string& split : splits) {
    if (std::find(scored.begin(), scored.end(), split) == scored.end()) results = score_split(run, split);
  }
  return results;
}

}  // namespace infomtl
