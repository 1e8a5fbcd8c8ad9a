#include "infomtl/runs/experiment.h"

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/train/checkpoint.h"
#include "infomtl/train/evaluation.h"
#include "runs/assembly.h"
#include "runs/checkpoint_schedule.h"
#include "runs/environment.h"
#include "runs/event_writer.h"
#include "runs/results_of_evaluation.h"
#include "runs/run_config.h"
#include "runs/run_folder.h"
#include "runs/training_progress.h"
#include "runs/training_record.h"

namespace infomtl {
namespace {

Json evaluation_record(std::int64_t step, std::int64_t epoch, const std::string& split, const Evaluation& scores,
                       const std::vector<Task>& tasks, bool best) {
  Json record = {{"kind", "epoch"}, {"step", step}, {"epoch", epoch + 1}, {"best", best}};
  for (std::size_t t = 0; t < scores.scores.size(); ++t) {
    record[split + "/" + tasks[t].name] = scores.scores[t];
    record[split + "_loss/" + tasks[t].name] = scores.losses[t];
  }
  if (!scores.scores.empty()) record[split + "/average"] = scores.average();
  return record;
}

/// The numbers of a record, for TensorBoard.
std::vector<std::pair<std::string, double>> scalars_of(const Json& record) {
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [key, value] : record.items()) {
    if (key == "step" || key == "epoch" || key == "total_steps" || !value.is_number()) continue;
    if (key.starts_with("loss/") && key.ends_with("/count")) continue;
    scalars.emplace_back(key, value.get<double>());
  }
  return scalars;
}

}  // namespace

struct Experiment::Implementation {
  Implementation(RunConfig read, ExperimentOptions given)
      : config(std::move(read)), options(std::move(given)), folder(options.output, options.stop_after_epochs) {}

  RunConfig config;
  ExperimentOptions options;
  RunFolder folder;
  std::optional<Results> results;
  std::shared_ptr<Objective> objective;
  std::unique_ptr<Trainer> trainer;
  std::vector<std::function<void(const StepReport&)>> report_listeners;
  std::vector<std::function<void(std::int64_t, const Evaluation&, bool)>> epoch_listeners;
  std::unique_ptr<RunLog> records;
  std::unique_ptr<EventWriter> events;
  std::unique_ptr<TrainingProgress> progress;
  std::optional<Evaluation> best_scores;  ///< of the best epoch, on the selection's split, where it was in this sitting

  void load_trainer() {
    RunParts parts = load_parts(config);
    objective = parts.objective;
    trainer = std::make_unique<Trainer>(config.trainer, parts.model, parts.objective, parts.weighting,
                                        std::move(parts.batches));
  }

  void load_checkpoint() {
    if (!options.resume || !folder.begun()) return;
    folder.lock();
    if (!folder.has_checkpoint()) {
      log::warning(folder.path().string() + ": the run has no checkpoint yet; training starts over");
      return;
    }
    trainer->load(folder.last());
    if (trainer->best_epoch() >= 0) verify_checkpoint(folder.best());
    log::info("continuing " + folder.path().string() + " after step " + std::to_string(trainer->steps_done()));
  }

  /// Opens the run folder and lets the trainer write to it.
  void open_folder() {
    if (records != nullptr) return;
    folder.lock();
    std::filesystem::create_directories(folder.last().parent_path());
    write_file_atomically(folder.config(), config.effective().dump(2) + "\n");
    for (const std::string& line : objective->left_out(trainer->model().tasks())) log::info(line);
    const std::int64_t begun_at = trainer->steps_done();
    records = std::make_unique<RunLog>(folder.log(), begun_at);
    events = std::make_unique<EventWriter>(folder.path(), begun_at > 0 ? begun_at + 1 : 0);
    if (options.progress) {
      progress = std::make_unique<TrainingProgress>(config.trainer.epochs, config.trainer.selection.split);
    }

    trainer->on_report([this](const StepReport& report) {
      const Json record = report.to_json();
      records->add(record);
      events->scalars(report.step, scalars_of(record));
      if (progress != nullptr) progress->show(report);
      for (const auto& listener : report_listeners) listener(report);
    });
    trainer->on_epoch([this](std::int64_t epoch, const Evaluation& scores, bool best) {
      if (best) best_scores = scores;
      const Json record = evaluation_record(trainer->steps_done(), epoch, config.trainer.selection.split, scores,
                                            trainer->model().tasks(), best);
      records->add(record);
      events->scalars(trainer->steps_done(), scalars_of(record));
      if (progress != nullptr) progress->end_epoch(epoch, scores, trainer->model().tasks(), best);
      for (const auto& listener : epoch_listeners) listener(epoch, scores, best);
      if (best) {
        trainer->save(folder.best(), config.encoder.path);  // first: `last` names the epoch that `best` must hold
        copy_checkpoint(folder.best(), folder.last());
      } else {
        trainer->save(folder.last(), config.encoder.path);
      }
      keep_last();
    });
    if (!config.checkpoints.between_epochs()) return;
    trainer->on_step([this, schedule = CheckpointSchedule(config.checkpoints, trainer->steps_per_epoch())](
                         std::int64_t steps_done) mutable {
      if (!schedule.due(steps_done)) return;
      trainer->save(folder.last(), config.encoder.path);
      keep_last();
    });
  }

  void keep_last() {
    if (config.checkpoints.keep == 0) return;
    copy_checkpoint(folder.last(), folder.kept(trainer->steps_done()));
    folder.keep_latest(config.checkpoints.keep);
  }

  Results train(const std::atomic<bool>* stop) {
    open_folder();
    if (!trainer->fit(stop, options.stop_after_epochs)) {
      if (progress != nullptr) progress->clear();
      trainer->save(folder.last(), config.encoder.path);
      Results stopped;
      stopped.seed = config.trainer.seed;
      stopped.training = training_json();
      return stopped;
    }
    return score_best();
  }

  Json training_json() const {
    return training_record(trainer->cost(), trainer->total_steps(), trainer->model().tasks());
  }

  Results score_best() {
    Results scored;
    scored.seed = config.trainer.seed;
    scored.selection_split = config.trainer.selection.split;
    scored.selection_monitor = config.trainer.selection.monitor;
    // A run that is to stop after some epochs may do so before the last phase, and has chosen none.
    const bool chosen = trainer->best_epoch() >= 0;
    scored.selected_epoch = chosen ? trainer->best_epoch() : trainer->epochs_done() - 1;
    scored.training = training_json();
    scored.environment = environment_json(config.device.str());
    const std::filesystem::path checkpoint = chosen ? folder.best() : folder.last();
    read_checkpoint_model(checkpoint, trainer->model());
    for (const std::string& split : options.scored_splits) {
      const bool known = best_scores && !best_scores->scores.empty() && split == config.trainer.selection.split;
      add_evaluation(scored, trainer->model().tasks(), split,
                     known ? *best_scores : trainer->evaluate(split_named(split)));
      for (const EmbeddingNoise& noise : config.noises) {
        add_evaluation(scored, trainer->model().tasks(), split + " " + noise.name(),
                       trainer->evaluate(split_named(split), &noise));
      }
    }
    scored.average_tasks();
    scored.task_similarity = task_similarity(trainer->model());
    if (!objective->task_weights().empty()) {  // of the epoch that is scored, like the model
      read_checkpoint_objective(checkpoint, *objective);
      scored.task_weights = task_weights(*objective, trainer->model().tasks());
    }
    write_file_atomically(folder.results(), scored.to_json().dump(2) + "\n");
    return scored;
  }
};

Experiment::Experiment(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Experiment::Experiment(Experiment&&) noexcept = default;
Experiment::~Experiment() = default;

Experiment Experiment::from_config(const std::filesystem::path& config, ExperimentOptions options) {
  const Config read = Config::from_file(config, options.overrides);
  if (options.output.empty()) {
    const auto seed = options.seed ? *options.seed : static_cast<std::uint64_t>(read.integer("seed", 0, at_least(0)));
    options.output = default_run_folder(config, seed);
  }
  return from_config(read, std::move(options));
}

Experiment Experiment::from_config(const Config& config, ExperimentOptions options) {
  if (options.output.empty()) throw StateError("an experiment from a config at hand needs options.output");
  const Config training = config.object_or_empty("training");
  if (training.json().value("regime", Json()) == "single") {
    training.fail("regime", "\"single\" trains one model per task, each an experiment of its own; use infomtl::Run");
  }
  RunConfig read = RunConfig::read(config);
  if (options.seed) read.trainer.seed = *options.seed;
  for (const std::string& split : options.scored_splits) split_named(split);  // an unknown one is told before training
  auto implementation = std::make_unique<Implementation>(std::move(read), std::move(options));
  Implementation& self = *implementation;
  self.results = self.folder.finished();
  if (!self.results) {
    self.folder.check_place();
    self.folder.refuse_unfinished(self.options.resume);
  }
  self.folder.refuse_other_config(self.config.effective());
  if (!self.results) {
    self.load_trainer();
    self.load_checkpoint();
  }
  return Experiment(std::move(implementation));
}

void Experiment::on_report(std::function<void(const StepReport&)> listener) {
  implementation_->report_listeners.push_back(std::move(listener));
}
void Experiment::on_epoch(std::function<void(std::int64_t, const Evaluation&, bool)> listener) {
  implementation_->epoch_listeners.push_back(std::move(listener));
}

Results Experiment::fit(const std::atomic<bool>* stop) {
  Implementation& self = *implementation_;
  if (self.results) return *self.results;
  Results results = self.train(stop);
  if (!results.tasks.empty()) self.results = results;
  return results;
}

bool Experiment::finished() const { return implementation_->results.has_value(); }

Trainer& Experiment::trainer() {
  if (implementation_->trainer == nullptr) {
    throw StateError("a finished run has no trainer; load it with TrainedRun");
  }
  return *implementation_->trainer;
}

const std::filesystem::path& Experiment::folder() const { return implementation_->folder.path(); }

}  // namespace infomtl
