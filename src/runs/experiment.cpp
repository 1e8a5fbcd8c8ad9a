#include "infomtl/runs/experiment.h"

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/random.h"
#include "infomtl/data/sampler.h"
#include "infomtl/metrics/metric.h"
#include "infomtl/train/checkpoint.h"
#include "infomtl/train/evaluation.h"
#include "runs/environment.h"
#include "runs/event_writer.h"
#include "runs/progress_bar.h"
#include "runs/results_of_evaluation.h"
#include "runs/run_config.h"
#include "runs/run_folder.h"
#include "runs/single_task_runs.h"

namespace infomtl {
namespace {

Json evaluation_record(std::int64_t step, std::int64_t epoch, const std::string& split, const Evaluation& scores,
                       const std::vector<Task>& tasks, bool best) {
  Json record = {{"step", step}, {"epoch", epoch}, {"best", best}};
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
      : config(std::move(read)), options(std::move(given)), folder(options.output) {}

  RunConfig config;
  ExperimentOptions options;
  RunFolder folder;
  std::optional<Results> results;
  std::unique_ptr<Trainer> trainer;
  std::unique_ptr<SingleTaskRuns> single;
  std::vector<std::function<void(const StepReport&)>> report_listeners;
  std::vector<std::function<void(std::int64_t, const Evaluation&, bool)>> epoch_listeners;
  std::unique_ptr<RunLog> records;
  std::unique_ptr<EventWriter> events;
  std::unique_ptr<ProgressBar> bar;

  void refuse_unfinished() const {
    if (options.resume || !folder.begun()) return;
    throw UserError(folder.path().string() +
                    ": holds an unfinished run; continue it with --resume, or choose another folder with --output");
  }

  void refuse_other_config() const {
    if (!folder.begun()) return;
    const std::string name = folder.path().string();
    if (!std::filesystem::exists(folder.config())) throw FormatError(name + ": has checkpoints but no config.json");
    const Json saved = read_json(folder.config());
    const std::string difference = first_difference(saved, config.effective());
    if (!difference.empty()) {
      throw UserError(name + ": holds a run of another config; they differ in " + difference +
                      "; choose another folder with --output");
    }
  }

  void load_parts() {
    const std::uint64_t seed = config.trainer.seed;
    Dataset dataset = load_dataset(config.config.object("data"), seed);
    if (config.trainer.regime == "single") {
      single = std::make_unique<SingleTaskRuns>(config.config.effective(), dataset.tasks, seed, folder.path());
      return;
    }
    WeightingContext weighting_tasks;
    weighting_tasks.joint = config.trainer.regime == "joint";
    weighting_tasks.sampled_by_size =
        sampler_registry().build(Config::from_json(config.trainer.sampler, "sampler"))->by_size();
    for (const Task& task : dataset.tasks) {
      weighting_tasks.names.push_back(task.name);
      weighting_tasks.train_rows.push_back(task.train_rows);
      with_context("task \"" + task.name + "\"",
                   [&] { build_metric(Config::from_json(task.metric, "metric"), metric_context(task)); });
    }
    const Config& whole = config.config;
    const auto weighting = build_weighting(
        whole.has("weighting") ? whole.value("weighting") : Config::from_json("equal", "weighting"), weighting_tasks);

    auto encoder = build_encoder(config.encoder, seed);
    if (config.encoder.max_length > encoder->max_length()) {
      whole.object("encoder").fail("max_length", std::to_string(config.encoder.max_length) +
                                                     " tokens, but the encoder has " +
                                                     std::to_string(encoder->max_length()) + " positions");
    }
    const auto model = build_model(whole, encoder, pooling_named(config.encoder.pooling), dataset.tasks, seed);
    model->set_precision(config.precision);
    const TermContext context{.tasks = dataset.tasks,
                              .width = encoder->width(),
                              .representation = model->architecture().width(),
                              .seed = derive_seed(seed, "losses")};
    const auto objective = Objective::from_config(whole.list("losses"), context, whole.list_or_empty("penalties"));
    objective->check(*model);
    model->to(config.device);
    objective->to(config.device);
    weighting->to(config.device);
    auto tokenizer = load_tokenizer(config.encoder.path);
    if (static_cast<std::int64_t>(tokenizer->id_limit()) > encoder->vocab_size()) {
      throw FormatError(config.encoder.path.string() + ": its tokenizer has ids up to " +
                        std::to_string(tokenizer->id_limit() - 1) + ", but the encoder's table has " +
                        std::to_string(encoder->vocab_size()) + " rows");
    }
    auto data = std::make_shared<TaskData>(std::move(dataset), std::move(tokenizer),
                                           static_cast<std::size_t>(config.encoder.max_length));
    trainer = std::make_unique<Trainer>(config.trainer, model, objective, weighting, data);
  }

  void load_checkpoint() {
    if (trainer == nullptr || !options.resume || !folder.begun()) return;
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
    const std::int64_t begun_at = trainer->steps_done();
    records = std::make_unique<RunLog>(folder.log(), begun_at);
    events = std::make_unique<EventWriter>(folder.path(), begun_at > 0 ? begun_at + 1 : 0);
    if (options.progress) bar = std::make_unique<ProgressBar>();

    trainer->on_report([this](const StepReport& report) {
      const Json record = report.to_json();
      records->add(record);
      events->scalars(report.step, scalars_of(record));
      if (bar != nullptr) bar->show(report);
      for (const auto& listener : report_listeners) listener(report);
    });
    trainer->on_epoch([this](std::int64_t epoch, const Evaluation& scores, bool best) {
      const Json record = evaluation_record(trainer->steps_done(), epoch, config.trainer.selection.split, scores,
                                            trainer->model().tasks(), best);
      records->add(record);
      events->scalars(trainer->steps_done(), scalars_of(record));
      if (bar != nullptr) bar->clear();
      for (const auto& listener : epoch_listeners) listener(epoch, scores, best);
      if (best) trainer->save(folder.best(), config.encoder.path);
      trainer->save(folder.last(), config.encoder.path);
    });
  }

  Results train(const std::atomic<bool>* stop) {
    open_folder();
    if (!trainer->fit(stop)) {
      if (bar != nullptr) bar->clear();
      trainer->save(folder.last(), config.encoder.path);
      Results stopped;
      stopped.seed = config.trainer.seed;
      stopped.training = training_json();
      return stopped;
    }
    return score_best();
  }

  Json training_json() const {
    const double seconds = trainer->seconds();
    const auto rate = [&](std::int64_t count) { return seconds > 0 ? static_cast<double>(count) / seconds : 0.0; };
    return {{"steps", trainer->steps_done()},
            {"seconds", seconds},
            {"examples_per_second", rate(trainer->examples_seen())},
            {"tokens_per_second", rate(trainer->tokens_seen())},
            {"peak_memory_bytes", peak_memory_bytes()}};
  }

  Results score_best() {
    Results scored;
    scored.seed = config.trainer.seed;
    scored.selection_split = config.trainer.selection.split;
    scored.selection_monitor = config.trainer.selection.monitor;
    scored.selected_epoch = trainer->best_epoch();
    scored.training = training_json();
    scored.environment = environment_json(config.device.str());
    read_checkpoint_model(folder.best(), trainer->model());
    for (const Split split : {Split::validation, Split::test}) {
      add_evaluation(scored, trainer->model().tasks(), std::string(split_name(split)), trainer->evaluate(split));
    }
    scored.average_tasks();
    scored.task_similarity = task_similarity(trainer->model());
    write_file_atomically(folder.results(), scored.to_json().dump(2) + "\n");
    return scored;
  }

  Results run_single(const std::atomic<bool>* stop) {
    std::filesystem::create_directories(folder.path());
    write_file_atomically(folder.config(), config.effective().dump(2) + "\n");
    const std::optional<Results> merged = single->fit(options, report_listeners, epoch_listeners, stop);
    if (!merged) {
      Results stopped;
      stopped.seed = config.trainer.seed;
      return stopped;
    }
    write_file_atomically(folder.results(), merged->to_json().dump(2) + "\n");
    return *merged;
  }
};

Experiment::Experiment(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Experiment::Experiment(Experiment&&) noexcept = default;
Experiment::~Experiment() = default;

Experiment Experiment::from_config(const std::filesystem::path& config, ExperimentOptions options) {
  const Config read = Config::from_file(config, options.overrides);
  if (options.output.empty()) {
    const auto seed = options.seed ? *options.seed : static_cast<std::uint64_t>(read.integer("seed", 0, at_least(0)));
    options.output = std::filesystem::path("runs") / (config.stem().string() + "-seed" + std::to_string(seed));
  }
  return from_config(read, std::move(options));
}

Experiment Experiment::from_config(const Config& config, ExperimentOptions options) {
  if (options.output.empty()) throw StateError("an experiment from a config at hand needs options.output");
  RunConfig read = RunConfig::read(config);
  if (options.seed) read.trainer.seed = *options.seed;
  auto implementation = std::make_unique<Implementation>(std::move(read), std::move(options));
  implementation->results = implementation->folder.finished();
  if (implementation->results) {
    // The data alone is read again: the effective config needs the paths that this asks for.
    load_dataset(implementation->config.config.object("data"), implementation->config.trainer.seed);
    implementation->refuse_other_config();
  } else {
    implementation->folder.check_place();
    implementation->refuse_unfinished();
    // Reading the data asks for its paths, which the effective config needs; so configs are compared afterwards.
    implementation->load_parts();
    implementation->refuse_other_config();
    implementation->load_checkpoint();
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
  Results results = self.single != nullptr ? self.run_single(stop) : self.train(stop);
  if (!results.tasks.empty()) self.results = results;
  return results;
}

bool Experiment::finished() const { return implementation_->results.has_value(); }

Trainer& Experiment::trainer() {
  if (implementation_->trainer == nullptr) {
    throw StateError(implementation_->results ? "a finished run has no trainer; load it with TrainedRun"
                                              : "the regime \"single\" has a trainer a task");
  }
  return *implementation_->trainer;
}

const std::filesystem::path& Experiment::folder() const { return implementation_->folder.path(); }

}  // namespace infomtl
