#include "infomtl/runs/experiment.h"

#include <map>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/train/checkpoint.h"
#include "infomtl/train/evaluation.h"
#include "runs/assembly.h"
#include "runs/checkpoint_schedule.h"
#include "runs/environment.h"
#include "runs/evaluation_records.h"
#include "runs/event_writer.h"
#include "runs/moved_run.h"
#include "runs/results_of_evaluation.h"
#include "runs/run_config.h"
#include "runs/run_folder.h"
#include "runs/trained_config.h"
#include "runs/training_progress.h"
#include "runs/training_record.h"
#include "runs/warm_start.h"

namespace infomtl {

struct Experiment::Implementation {
  Implementation(RunConfig read, ExperimentOptions given)
      : config(std::move(read)), options(std::move(given)), folder(options.output, options.stop_after_epochs) {}

  RunConfig config;
  Json kept_config = trained_config(config.effective());  ///< by checkpoints
  ExperimentOptions options;
  RunFolder folder;
  std::optional<Results> results;
  std::shared_ptr<Objective> objective;
  std::shared_ptr<GradientWeighting> weighting;
  std::unique_ptr<Trainer> trainer;
  std::vector<std::function<void(const StepReport&)>> report_listeners;
  std::vector<std::function<void(std::int64_t, const Evaluation&, bool)>> epoch_listeners;
  std::unique_ptr<RunLog> records;
  std::unique_ptr<EventWriter> events;
  std::unique_ptr<TrainingProgress> progress;
  std::optional<std::int64_t> extended_from;  ///< epochs that the run had, where it goes on for more
  std::optional<Evaluation> best_scores;  ///< of the best epoch, on the selection's split, where it was in this sitting

  void load_trainer() {
    RunParts parts = load_parts(config);
    const bool goes_on = options.resume && folder.has_checkpoint();
    if (!config.start.run.empty() && !goes_on) start_from(config.start, *parts.model);
    objective = parts.objective;
    weighting = parts.weighting;
    naming_config(config.config, [&] {
      trainer = std::make_unique<Trainer>(config.trainer, parts.model, parts.objective, parts.weighting,
                                          std::move(parts.batches));
    });
  }

  void load_checkpoint() {
    if (!options.resume || !folder.begun()) return;
    folder.lock();
    if (!folder.has_checkpoint()) {
      log::warning(folder.path().string() + ": the run has no checkpoint yet; training starts over");
      return;
    }
    refuse_other_model_folder(config.encoder.path, folder.last());
    refuse_changed_config(kept_config, folder.config(), read_checkpoint_state(folder.last()), folder.last());
    trainer->load(folder.last());
    refuse_too_many_steps();
    if (trainer->best_epoch() >= 0) verify_checkpoint(folder.best());
    for (const auto& [checkpoint, tasks] : own_bests()) {
      recover_folder(checkpoint);
      verify_checkpoint(checkpoint);
    }
    log::info("continuing " + folder.path().string() + " after step " + std::to_string(trainer->steps_done()));
    if (extended_from) tell_what_more_epochs_change();
  }

  /// Whoever writes a state by hand may give it a fitting sum. @throws FormatError
  void refuse_too_many_steps() const {
    const std::int64_t steps = trainer->total_steps(), epochs = config.trainer.epochs;
    if (trainer->steps_done() <= steps && trainer->epochs_done() <= epochs) return;
    throw FormatError((folder.last() / "state.json").string() + ": " + std::to_string(trainer->steps_done()) +
                      " steps and " + std::to_string(trainer->epochs_done()) + " epochs done, but the whole run has " +
                      std::to_string(steps) + " in " + std::to_string(epochs));
  }

  /// Whether the run may go on for more epochs than it was planned for. @throws UserError
  void check_extension() const {
    const std::string name = folder.path().string();
    if (!folder.has_checkpoint()) throw UserError(name + ": its checkpoints are gone; there is nothing to go on from");
    if (config.trainer.max_steps == 0 && config.trainer.phases.empty()) return;
    throw UserError(
        name + ": training." + (config.trainer.phases.empty() ? "max_steps" : "phases") +
        " lays out the whole run, so that it cannot have more epochs; train a new one from it: \"start\": \"" + name +
        "\"");
  }

  void tell_what_more_epochs_change() const {
    const std::int64_t before = *extended_from * trainer->steps_per_epoch(), now = trainer->total_steps();
    std::int64_t step = 0;
    const auto same_rate = [&] {
      return config.trainer.schedule->factor(step, before) == config.trainer.schedule->factor(step, now);
    };
    while (step < trainer->steps_done() && same_rate()) ++step;
    if (step < trainer->steps_done()) {
      log::warning("the learning rate's schedule depends on the length of training: from step " + std::to_string(step) +
                   " on the steps done had the rates of " + std::to_string(*extended_from) +
                   " epochs; those to come have the rates of " + std::to_string(config.trainer.epochs) +
                   ", so this is not the run that had as many from its start");
    }
    if (trainer->stopped_early()) {
      log::warning("the run was stopped by training.selection.patience; more epochs change nothing");
    }
  }

  /// Opens the run folder and lets the trainer write to it.
  void open_folder() {
    if (records != nullptr) return;
    folder.lock();
    folder.remove_unfinished();
    const std::int64_t begun_at = trainer->steps_done();
    const auto write_config = [this] { write_file_atomically(folder.config(), config.effective().dump(2) + "\n"); };
    const bool begun = folder.begun();
    if (!begun) write_config();  // a folder with a log or checkpoints and no config.json is no run's
    records = std::make_unique<RunLog>(folder.log(), begun_at);  // one that cannot go on leaves the folder as it is
    if (extended_from) folder.set_results_aside(*extended_from);
    if (begun) write_config();
    for (const std::string& line : objective->left_out(trainer->model().tasks())) log::info(line);
    std::filesystem::create_directories(folder.last().parent_path());
    folder.keep_latest(config.checkpoints.keep);
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
    trainer->on_evaluation([this](const Evaluation& scores, bool best) {
      const auto passes = static_cast<double>(trainer->steps_done()) / static_cast<double>(trainer->steps_per_epoch());
      record_evaluation(trainer->epochs_done(), passes, scores, best);
      if (progress != nullptr) progress->evaluated(trainer->steps_done(), scores, trainer->model().tasks(), best);
      save_evaluated(best, /*epoch_ended=*/false);
    });
    trainer->on_epoch([this](std::int64_t epoch, const Evaluation& scores, bool best) {
      record_evaluation(epoch, std::nullopt, scores, best);
      if (progress != nullptr) progress->end_epoch(epoch, scores, trainer->model().tasks(), best);
      for (const auto& listener : epoch_listeners) listener(epoch, scores, best);
      save_evaluated(best, /*epoch_ended=*/true);
    });
    if (!config.checkpoints.between_epochs()) return;
    trainer->on_step([this, schedule = CheckpointSchedule(config.checkpoints, trainer->steps_per_epoch())](
                         std::int64_t steps_done) mutable {
      if (!schedule.due(steps_done)) return;
      save({});
    });
  }

  void record_evaluation(std::int64_t epoch, std::optional<double> passes, const Evaluation& scores, bool best) {
    if (best) best_scores = scores;
    Json record = evaluation_record(trainer->steps_done(), epoch, passes, config.trainer.selection.split, scores,
                                    trainer->model().tasks(), best);
    if (config.information && !passes) {
      add_information(record, *trainer, config.trainer.seed, config.trainer.selection.split);
    }
    records->add(record);
    events->scalars(trainer->steps_done(), scalars_of(record));
  }

  /// Saves a checkpoint in these places and as what is kept of it, and `last` after them: that one names the evaluations
  /// that the others hold, and a run that goes on from an older `last` makes them again.
  void save(std::vector<std::filesystem::path> places) {
    if (config.checkpoints.keep > 0) places.push_back(folder.kept(trainer->steps_done()));
    places.push_back(folder.last());
    trainer->save(places.front(), config.encoder.path, &kept_config);
    for (std::size_t i = 1; i < places.size(); ++i) copy_checkpoint(places.front(), places[i]);
    folder.keep_latest(config.checkpoints.keep);
  }

  /// Saves what an evaluation found the best; within an epoch nothing else.
  void save_evaluated(bool best, bool epoch_ended) {
    std::vector<std::filesystem::path> places;
    for (std::size_t t = 0; t < trainer->task_bests().size(); ++t) {
      const bool improved = trainer->task_bests()[t].step == trainer->steps_done();
      if (improved) places.push_back(folder.best_of(trainer->model().tasks()[t].name));
    }
    if (best) places.push_back(folder.best());
    if (epoch_ended || !places.empty() || trainer->stopped_early()) save(std::move(places));
  }

  /// Checkpoints that are some tasks' own best and not `best`, with these tasks.
  std::vector<std::pair<std::filesystem::path, std::vector<std::size_t>>> own_bests() const {
    std::map<std::int64_t, std::vector<std::size_t>> by_step;
    for (std::size_t t = 0; t < trainer->task_bests().size(); ++t) {
      const std::int64_t step = trainer->task_bests()[t].step;
      if (step >= 0 && step != trainer->best_step()) by_step[step].push_back(t);
    }
    std::vector<std::pair<std::filesystem::path, std::vector<std::size_t>>> found;
    for (const auto& [step, tasks] : by_step) {
      found.emplace_back(folder.best_of(trainer->model().tasks()[tasks.front()].name), tasks);
    }
    return found;
  }

  /// @return whether training came to its end
  bool fit(const std::atomic<bool>* stop) {
    try {
      return trainer->fit(stop, options.stop_after_epochs);
    } catch (const NonFiniteError& error) {
      const bool skips = config.trainer.non_finite == "skip";
      throw NonFiniteError(error.what() + std::string("; a lower optimizer.learning_rate or loss weight may help") +
                           (skips ? "" : ", \"training.non_finite\": \"skip\" leaves such steps out") +
                           "; the run: " + folder.path().string());
    }
  }

  Results train(const std::atomic<bool>* stop) {
    open_folder();
    if (!fit(stop)) {
      if (progress != nullptr) progress->clear();
      trainer->save(folder.last(), config.encoder.path, &kept_config);
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

  using Evaluations = std::vector<std::pair<std::string, Evaluation>>;  ///< by split

  /// Of the model as it is on every split and noise that is asked for. @param known  its scores on the selection's split,
  /// where they are there already
  Evaluations evaluate_splits(const Evaluation* known) const {
    Evaluations found;
    for (const std::string& split : options.scored_splits) {
      const bool at_hand = known != nullptr && !known->scores.empty() && split == config.trainer.selection.split;
      found.emplace_back(split, at_hand ? *known : trainer->evaluate(split_named(split)));
      for (const EmbeddingNoise& noise : config.noises) {
        found.emplace_back(split + " " + noise.name(), trainer->evaluate(split_named(split), &noise));
      }
    }
    return found;
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
    scored.selected_step = chosen ? trainer->best_step() : trainer->steps_done();
    const std::filesystem::path chosen_checkpoint = chosen ? folder.best() : folder.last();
    read_checkpoint_model(chosen_checkpoint, trainer->model());
    scored.task_similarity = task_similarity(trainer->model());
    Evaluations scores = evaluate_splits(best_scores ? &*best_scores : nullptr);
    for (const std::string& split : options.scored_splits) {
      if (!config.representation) continue;
      scored.representation[split] =
          representation_json(trainer->model(), trainer->evaluation_batches(split_named(split)));
    }
    for (const auto& [checkpoint, tasks] : own_bests()) {
      read_checkpoint_model(checkpoint, trainer->model());
      const Evaluations own = evaluate_splits(nullptr);
      for (std::size_t i = 0; i < scores.size(); ++i) take_tasks(own[i].second, tasks, scores[i].second);
    }
    for (const auto& [split, evaluation] : scores) {
      add_evaluation(scored, trainer->model().tasks(), split, evaluation);
    }
    for (std::size_t t = 0; t < trainer->task_bests().size(); ++t) {
      const BestEvaluation& own = trainer->task_bests()[t];
      if (own.epoch >= 0) scored.selected_tasks[trainer->model().tasks()[t].name] = {own.epoch, own.step};
    }
    scored.average_tasks();
    if (!objective->task_weights().empty()) {  // of the epoch that is scored, like the model
      read_checkpoint_objective(chosen_checkpoint, *objective);
      scored.task_weights = task_weights(*objective, trainer->model().tasks());
    }
    scored.loss_weights = loss_weights(*weighting, trainer->model().tasks());
    write_file_atomically(folder.results(), scored.to_json().dump(2) + "\n");
    return scored;
  }
};

Experiment::Experiment(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Experiment::Experiment(Experiment&&) noexcept = default;
Experiment::~Experiment() = default;

Experiment Experiment::from_config(const std::filesystem::path& config, ExperimentOptions options) {
  const Config read = with_data_in(Config::from_file(config, options.overrides), options.data_folder, options.resume);
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
  RunConfig read = RunConfig::read(config, options.resume ? RunFolder(options.output).last() : std::filesystem::path());
  if (options.seed) read.trainer.seed = *options.seed;
  read.one_of_several = options.one_of_several;
  read.datasets = options.datasets;
  for (const std::string& split : options.scored_splits) split_named(split);  // an unknown one is told before training
  auto implementation = std::make_unique<Implementation>(std::move(read), std::move(options));
  Implementation& self = *implementation;
  self.folder.set_data_moved(!self.options.data_folder.empty());
  if (self.options.more_epochs) self.extended_from = self.folder.extended_from(self.config.effective());
  if (self.extended_from) self.check_extension();
  if (!self.extended_from) self.results = self.folder.finished();
  if (!self.results) {
    self.folder.check_place();
    self.folder.refuse_unfinished(self.options.resume);
  }
  if (!self.extended_from) self.folder.refuse_other_config(self.config.effective());
  if (!self.results) {
    begin_peak_memory();
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
