#include "infomtl/train/trainer.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/data/training_stream.h"
#include "infomtl/step/step_gradients.h"
#include "infomtl/train/checkpoint.h"
#include "infomtl/train/evaluation.h"
#include "train/step_snapshot.h"
#include "train/step_statistics.h"

namespace infomtl {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

NamedParameters own_parameters(const MultiTaskModel& model, const Objective& objective,
                               const GradientWeighting& weighting) {
  NamedParameters own = model.task_parameters();
  for (const auto& parameter : objective.named_parameters())
    own.emplace_back("objective." + parameter.key(), parameter.value());
  for (const auto& parameter : weighting.named_parameters())
    own.emplace_back("weighting." + parameter.key(), parameter.value());
  return own;
}

std::vector<std::string> names_of(const std::vector<Task>& tasks) {
  std::vector<std::string> names;
  names.reserve(tasks.size());
  for (const Task& task : tasks) names.push_back(task.name);
  return names;
}

Config named_config(const Json& json, const char* origin) {
  return Config::from_json(json.is_string() ? Json{{"name", json}} : json, origin);
}

Json optimizer_json(const TrainerSettings& settings) {
  Json json = settings.optimizer.is_string() ? Json{{"name", settings.optimizer}} : settings.optimizer;
  if (!json.contains("learning_rate")) json["learning_rate"] = settings.learning_rate;
  return json;
}

BatchingSettings batching(const TrainerSettings& settings) {
  return {.batch_size = settings.batch_size,
          .regime = settings.regime,
          .joint_batch_size = settings.joint_batch_size,
          .accumulate = settings.accumulate,
          .length_window = settings.length_window};
}

/// Seconds since the last call.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Where a run stands.
struct Progress {
  std::int64_t steps = 0, epoch = 0;
  bool epoch_ended = false;  ///< its last step was done, its evaluation was not
  double best_score = kNone;
  std::int64_t best_epoch = -1, epochs_without_improvement = 0;
  bool stopped_early = false;
  std::int64_t tokens = 0, examples = 0;
  double seconds = 0;

  Json to_json() const {
    return {{"steps", steps},
            {"epoch", epoch},
            {"epoch_ended", epoch_ended},
            {"best_score", std::isfinite(best_score) ? Json(best_score) : Json(nullptr)},
            {"best_epoch", best_epoch},
            {"epochs_without_improvement", epochs_without_improvement},
            {"stopped_early", stopped_early},
            {"tokens", tokens},
            {"examples", examples},
            {"seconds", seconds}};
  }
  static Progress from_json(const Json& json) {
    Progress read;
    read.steps = json.at("steps").get<std::int64_t>();
    read.epoch = json.at("epoch").get<std::int64_t>();
    read.epoch_ended = json.at("epoch_ended").get<bool>();
    read.best_score = json.at("best_score").is_null() ? kNone : json.at("best_score").get<double>();
    read.best_epoch = json.at("best_epoch").get<std::int64_t>();
    read.epochs_without_improvement = json.at("epochs_without_improvement").get<std::int64_t>();
    read.stopped_early = json.at("stopped_early").get<bool>();
    read.tokens = json.at("tokens").get<std::int64_t>();
    read.examples = json.at("examples").get<std::int64_t>();
    read.seconds = json.at("seconds").get<double>();
    return read;
  }
};

}  // namespace

struct Trainer::Implementation {
  Implementation(TrainerSettings given, std::shared_ptr<MultiTaskModel> its_model,
                 std::shared_ptr<Objective> its_objective, std::shared_ptr<GradientWeighting> its_weighting,
                 std::shared_ptr<const TaskData> its_data)
      : settings(std::move(given)),
        model(std::move(its_model)),
        objective(std::move(its_objective)),
        weighting(std::move(its_weighting)),
        data(std::move(its_data)),
        parameters(model->shared_parameters(), own_parameters(*model, *objective, *weighting)),
        optimizer(optimizer_registry().build(named_config(optimizer_json(settings), "optimizer"), parameters)),
        schedule(schedule_registry().build(named_config(settings.schedule, "schedule"))),
        device(parameters.values().device()),
        statistics(names_of(model->tasks())) {}

  TrainerSettings settings;
  std::shared_ptr<MultiTaskModel> model;
  std::shared_ptr<Objective> objective;
  std::shared_ptr<GradientWeighting> weighting;
  std::shared_ptr<const TaskData> data;
  FlatParameters parameters;
  std::shared_ptr<Optimizer> optimizer;
  std::shared_ptr<LearningRateSchedule> schedule;
  torch::Device device;
  std::unique_ptr<TrainingStream> stream;
  std::shared_ptr<GradientMemory> gradient_memory = make_gradient_memory();
  bool gram_only = false;

  Progress progress;
  std::int64_t total = 0;  ///< steps of the whole run
  StepStatistics statistics;
  std::string fingerprint_of_data;  ///< of what is trained on, once asked for

  std::vector<std::function<void(const StepReport&)>> report_listeners;
  std::vector<std::function<void(std::int64_t, const Evaluation&, bool)>> epoch_listeners;
  Stopwatch stopwatch;
  std::int64_t reported_tokens = 0, reported_examples = 0;

  const std::string& training_data() {
    if (fingerprint_of_data.empty()) fingerprint_of_data = fingerprint(data->dataset().split(Split::train));
    return fingerprint_of_data;
  }

  void check() const {
    objective->check(*model);
    if (settings.selection.split == "test") {
      throw ConfigError("selection.split: the test split may not choose anything; use \"validation\"");
    }
    const Split split = split_named(settings.selection.split);
    const std::string& monitor = settings.selection.monitor;
    if (monitor == "last") return;
    bool any = false, named = monitor == "average" || monitor == "loss";
    std::vector<std::string> known = {"average", "loss", "last"};
    for (std::size_t t = 0; t < model->tasks().size(); ++t) {
      const bool rows = data->dataset().split(split).tasks[t].size() > 0;
      any = any || rows;
      known.push_back(model->tasks()[t].name);
      if (model->tasks()[t].name != monitor) continue;
      named = true;
      if (!rows)
        throw ConfigError("selection.monitor: task \"" + monitor + "\" has no rows in the " + settings.selection.split +
                          " split");
    }
    if (!named) throw ConfigError("selection.monitor: no task \"" + monitor + "\"" + did_you_mean(monitor, known));
    if (!any) {
      throw ConfigError("selection.split: no task has rows in the " + settings.selection.split +
                        " split; give one, or set selection.monitor to \"last\"");
    }
  }

  /// Of a step's Jacobian; word embeddings, of which a step uses few, are left out.
  std::int64_t jacobian_bytes() const {
    const Tensor words = model->encoder().word_table();
    const std::int64_t columns = parameters.shared_size() - (words.defined() ? words.numel() : 0);
    const std::int64_t tasks = settings.regime == "joint" ? std::ssize(model->tasks()) : 1;
    return tasks * columns * static_cast<std::int64_t>(parameters.values().element_size());
  }

  TrainingStream& batches() {
    if (stream == nullptr) {
      stream = std::make_unique<TrainingStream>(data->dataset(), data->tokens(Split::train),
                                                sampler_registry().build(named_config(settings.sampler, "sampler")),
                                                batching(settings), settings.seed, settings.epochs, progress.steps);
      stopwatch.lap();
    }
    return *stream;
  }

  void train_on(std::vector<StepBatch> micro_batches) {
    for (StepBatch& micro : micro_batches) {
      micro = micro.to(device);
      progress.tokens += micro.tokens.tokens();
      progress.examples += micro.tokens.sequences();
    }
    StepContext context;
    context.forward = {
        .model = model.get(), .objective = objective.get(), .seed = settings.seed, .step = progress.steps};
    context.parameters = &parameters;
    context.epoch = progress.epoch;
    context.memory = gradient_memory;
    context.gram_only = gram_only;
    context.independent = [this](std::size_t index) {
      return std::vector<StepBatch>{batches().independent_batch(progress.steps, index).to(device)};
    };
    StepGradients problem(std::move(context), std::move(micro_batches));
    parameters.zero_gradients();
    const Tensor norm = backward(problem);
    if (norm.defined()) {
      optimizer->step(optimizer->learning_rate() * schedule->factor(progress.steps, total));
      weighting->after_update(problem);
      statistics.add(problem, norm);
    } else {
      statistics.add_skipped();
    }
    ++progress.steps;
    if (progress.steps % settings.report_every == 0 || progress.steps == total) report();
  }

  /// Writes the step's gradient into the flat buffer, clipped.
  /// @return its norm before that; undefined when it is not finite and such steps are skipped: then nothing has changed
  Tensor backward(StepGradients& problem) {
    std::optional<StepSnapshot> before;
    if (settings.non_finite == "skip") before.emplace(*weighting, *objective);
    try {
      // The forward pass runs in here too: the weighting asks for losses, products or gradients of the tasks, each is
      // computed when first asked for (StepGradients -> ForwardPass -> Objective -> TaskStep -> encoder, architecture,
      // head), and its last call (apply_...) writes one gradient into the flat buffer, by a backward pass through the
      // weighted losses or from the rows at hand. The penalties' gradient follows.
      weighting->backward(problem);
      if (!problem.applied()) throw StateError("the weighting ended a step without applying a gradient");
      const Tensor norm = parameters.clip_gradients(settings.clip_norm);
      if (!at::isfinite(norm).item<bool>()) report_bad_gradient(problem);
      return norm;
    } catch (const NonFiniteError& error) {
      if (!before.has_value()) throw;
      before->restore();
      log::warning(std::string("step left out: ") + error.what());
      return {};
    }
  }

  [[noreturn]] void report_bad_gradient(StepGradients& problem) {
    std::string tasks;
    for (const std::size_t task : problem.tasks())
      tasks += (tasks.empty() ? "\"" : ", \"") + model->tasks()[task].name + "\"";
    // Clipping by a NaN norm has spread it; the culprit is found on gradients computed once more.
    parameters.zero_gradients();
    StepContext context;
    context.forward = {.model = model.get(),
                       .objective = objective.get(),
                       .seed = settings.seed,
                       .step = progress.steps,
                       .records = false};
    context.parameters = &parameters;
    for (const std::size_t task : problem.tasks()) {
      std::vector<StepBatch> own = problem.micro_batches();
      for (StepBatch& micro : own) std::erase_if(micro.tasks, [&](const TaskBatch& rows) { return rows.task != task; });
      std::erase_if(own, [](const StepBatch& micro) { return micro.tasks.empty(); });
      parameters.zero_gradients();
      StepGradients alone(context, std::move(own));
      alone.apply_weights(torch::ones({1}), {});
      const std::string name = parameters.first_non_finite_gradient();
      if (name.empty()) continue;
      throw NonFiniteError("step " + std::to_string(progress.steps + 1) + ", task \"" + model->tasks()[task].name +
                           "\": the gradient of parameter \"" + name + "\" is not finite");
    }
    throw NonFiniteError("step " + std::to_string(progress.steps + 1) + ", tasks " + tasks +
                         ": the gradient as the weighting combined it is not finite");
  }

  void report() {
    StepReport record;
    record.step = progress.steps;
    record.epoch = progress.epoch;
    record.total_steps = total;
    record.learning_rate = optimizer->learning_rate() * schedule->factor(progress.steps - 1, total);
    statistics.take(record);
    for (const auto& child : objective->named_children()) {
      const auto* term = dynamic_cast<const LossTerm*>(child.value().get());
      if (term == nullptr) continue;
      for (const auto& [name, value] : term->diagnostics()) record.diagnostics[child.key() + "/" + name] = value;
    }
    for (const auto& [name, value] : weighting->diagnostics()) record.diagnostics["weighting/" + name] = value;
    const double seconds = stopwatch.lap();
    progress.seconds += seconds;
    record.tokens_per_second = static_cast<double>(progress.tokens - reported_tokens) / seconds;
    record.examples_per_second = static_cast<double>(progress.examples - reported_examples) / seconds;
    reported_tokens = progress.tokens;
    reported_examples = progress.examples;
    for (const auto& listener : report_listeners) listener(record);
  }

  void end_epoch() { weighting->end_epoch(progress.epoch, statistics.take_epoch_losses()); }

  /// Scores the epoch that has just ended and tells whether training goes on.
  void select() {
    progress.epoch_ended = false;
    Evaluation scores;
    bool best = true;
    if (settings.selection.monitor != "last") {
      const Split split = split_named(settings.selection.split);
      scores = evaluate_model(*model, objective.get(), *data, split, settings.evaluation_batch_size, progress.steps);
      const double score = scores.monitored(settings.selection.monitor, model->tasks());
      best = progress.best_epoch < 0 || score > progress.best_score;
      if (best) progress.best_score = score;
    }
    if (best) progress.best_epoch = progress.epoch;
    progress.epochs_without_improvement = best ? 0 : progress.epochs_without_improvement + 1;
    progress.stopped_early =
        settings.selection.patience > 0 && progress.epochs_without_improvement >= settings.selection.patience;
    if (progress.stopped_early && progress.steps % settings.report_every != 0) report();
    const std::int64_t ended = progress.epoch++;
    for (const auto& listener : epoch_listeners) listener(ended, scores, best);
    stopwatch.lap();
  }

  bool over() const { return progress.steps >= total || progress.stopped_early; }

  CheckpointParts parts() const {
    return {.model = model.get(),
            .objective = objective.get(),
            .weighting = weighting.get(),
            .optimizer = optimizer.get(),
            .tokenizer = {}};
  }
};

Trainer::Trainer(TrainerSettings settings, std::shared_ptr<MultiTaskModel> model, std::shared_ptr<Objective> objective,
                 std::shared_ptr<GradientWeighting> weighting, std::shared_ptr<const TaskData> data)
    : implementation_(std::make_unique<Implementation>(std::move(settings), std::move(model), std::move(objective),
                                                       std::move(weighting), std::move(data))) {
  Implementation& self = *implementation_;
  self.check();
  const std::int64_t all = self.settings.epochs * steps_per_epoch(self.data->dataset(), batching(self.settings));
  self.gram_only = does_without_jacobian(self.settings.task_gradients, self.jacobian_bytes());
  self.total = self.settings.max_steps > 0 ? std::min(all, self.settings.max_steps) : all;
}

Trainer::~Trainer() = default;

void Trainer::on_report(std::function<void(const StepReport&)> listener) {
  implementation_->report_listeners.push_back(std::move(listener));
}
void Trainer::on_epoch(std::function<void(std::int64_t, const Evaluation&, bool)> listener) {
  implementation_->epoch_listeners.push_back(std::move(listener));
}

bool Trainer::step() {
  Implementation& self = *implementation_;
  if (self.over()) return false;
  // Stepping by hand passes over the evaluation of an epoch.
  if (std::exchange(self.progress.epoch_ended, false)) ++self.progress.epoch;
  TrainingStep next = self.batches().next();
  self.train_on(std::move(next.micro_batches));
  if (next.last_of_epoch || self.over()) {
    self.end_epoch();
    self.progress.epoch_ended = true;
  }
  return true;
}

void Trainer::step(const StepBatch& batch) {
  implementation_->stream.reset();  // it goes on at the step after this one
  implementation_->train_on({batch});
}

bool Trainer::fit(const std::atomic<bool>* stop) {
  Implementation& self = *implementation_;
  const auto asked_to_stop = [&] { return stop != nullptr && stop->load(); };
  while (true) {
    if (self.progress.epoch_ended) self.select();
    if (self.over()) return true;
    if (asked_to_stop()) return false;
    step();
  }
}

Evaluation Trainer::evaluate(Split split) const {
  const Implementation& self = *implementation_;
  return evaluate_model(*self.model, self.objective.get(), *self.data, split, self.settings.evaluation_batch_size,
                        self.progress.steps);
}

std::int64_t Trainer::steps_done() const { return implementation_->progress.steps; }
std::int64_t Trainer::total_steps() const { return implementation_->total; }
std::int64_t Trainer::epochs_done() const { return implementation_->progress.epoch; }
std::int64_t Trainer::best_epoch() const { return implementation_->progress.best_epoch; }
std::int64_t Trainer::tokens_seen() const { return implementation_->progress.tokens; }
std::int64_t Trainer::examples_seen() const { return implementation_->progress.examples; }
double Trainer::seconds() const { return implementation_->progress.seconds; }
const TrainerSettings& Trainer::settings() const { return implementation_->settings; }
const MultiTaskModel& Trainer::model() const { return *implementation_->model; }
FlatParameters& Trainer::parameters() { return implementation_->parameters; }

void Trainer::save(const std::filesystem::path& folder, const std::filesystem::path& tokenizer) const {
  CheckpointParts parts = implementation_->parts();
  parts.tokenizer = tokenizer;
  Json progress = implementation_->progress.to_json();
  progress["statistics"] = implementation_->statistics.save();
  progress["training_data"] = implementation_->training_data();
  write_checkpoint(folder, parts, progress);
}

void Trainer::load(const std::filesystem::path& folder) {
  Implementation& self = *implementation_;
  recover_folder(folder);
  Progress progress;
  StepStatistics statistics = self.statistics;
  try {
    const Json saved = verify_checkpoint(folder).at("progress");
    if (saved.at("training_data") != self.training_data()) {
      throw UserError(folder.string() +
                      ": the training data are not those it was trained on; texts or labels have changed");
    }
    progress = Progress::from_json(saved);
    statistics.load(saved.at("statistics"));
  } catch (const Json::exception& error) {
    throw FormatError((folder / "state.json").string() + ": " + error.what());
  }
  read_checkpoint(folder, self.parts());
  self.progress = progress;
  self.statistics = std::move(statistics);
  self.reported_tokens = progress.tokens;
  self.reported_examples = progress.examples;
  self.stream.reset();
}

}  // namespace infomtl
