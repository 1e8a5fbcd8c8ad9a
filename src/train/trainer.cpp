#include "infomtl/train/trainer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/data/task_batches.h"
#include "infomtl/step/step_gradients.h"
#include "infomtl/train/checkpoint.h"
#include "infomtl/train/evaluation.h"
#include "infomtl/train/weighting_context.h"
#include "train/diagnostics.h"
#include "train/phase_plan.h"
#include "train/progress.h"
#include "train/selection.h"
#include "train/step_checks.h"
#include "train/step_snapshot.h"
#include "train/step_statistics.h"
#include "train/stopwatch.h"
#include "train/task_inputs.h"
#include "train/trained_parameters.h"
#include "train/trainer_check.h"

namespace infomtl {
struct Trainer::Implementation {
  Implementation(TrainerSettings given, std::shared_ptr<MultiTaskModel> its_model,
                 std::shared_ptr<Objective> its_objective, const WeightingFactory& its_weighting,
                 std::unique_ptr<BatchSource> its_batches)
      : settings(std::move(given)),
        model(std::move(its_model)),
        objective(std::move(its_objective)),
        batches(std::move(its_batches)),
        weighting(its_weighting(weighting_context(*batches))),
        trained(settings, *model, *objective, *weighting, batches->steps_per_epoch()),
        parameters(trained.shared, trained.own),
        optimizer(with_context("optimizer", [this] { return settings.optimizer.make(parameters); })),
        device(parameters.values().device()),
        statistics(task_names(*batches)),
        checks(parameters, /*skips=*/settings.non_finite == "skip") {
    progress.cost.rows.resize(model->tasks().size());
  }

  TrainerSettings settings;
  std::shared_ptr<MultiTaskModel> model;
  std::shared_ptr<Objective> objective;
  std::unique_ptr<BatchSource> batches;
  std::shared_ptr<GradientWeighting> weighting;
  TrainedParameters trained;
  FlatParameters parameters;
  std::shared_ptr<Optimizer> optimizer;
  std::optional<std::size_t> phase;  ///< that the parameters are set to
  torch::Device device;
  std::shared_ptr<GradientMemory> gradient_memory = make_gradient_memory();
  bool gram_only = false;

  Progress progress;
  std::int64_t total = 0;  ///< steps of the whole run
  StepStatistics statistics;
  StepChecks checks;

  std::vector<std::function<void(const StepReport&)>> report_listeners;
  std::vector<std::function<void(std::int64_t)>> step_listeners;
  std::vector<std::function<void(const Evaluation&, bool)>> evaluation_listeners;
  std::vector<std::function<void(std::int64_t, const Evaluation&, bool)>> epoch_listeners;
  Stopwatch stopwatch;
  double unreported_seconds = 0;  ///< trained before an evaluation, since the last report
  bool training = false;          ///< in this sitting
  std::int64_t reported_tokens = 0, reported_examples = 0;

  /// Of a step's Jacobian; word embeddings, of which a step uses few, are left out.
  std::int64_t jacobian_bytes() const {
    const Tensor words = model->encoder().word_table();
    const bool known = words.defined() && parameters.find(words) != nullptr;
    const std::int64_t columns = parameters.shared_size() - (known ? words.numel() : 0);
    const std::int64_t tasks = batches->regime() == Regime::joint ? std::ssize(model->tasks()) : 1;
    return tasks * columns * static_cast<std::int64_t>(parameters.values().element_size());
  }

  double learning_rate(std::int64_t step) const { return peak_rate(settings) * settings.schedule->factor(step, total); }

  /// Lets rest what rests at the step in hand.
  void enter_phase() {
    const std::size_t now = trained.plan.at(progress.cost.steps);
    if (phase == now) return;
    checks.look();  // while what rests is as it was in that step
    phase = now;
    parameters.set_training(trained.plan.training(now, parameters));
    gradient_memory = make_gradient_memory();  // a step of this phase finds out anew, also in a continued run
    if (settings.phases.empty()) return;
    log::info(trained.plan.text(now, /*chooses=*/settings.selection.monitor != "last"));
  }

  /// Shows the weighting what there is to learn from. A run that goes on has what it made of that in its state.
  void begin() {
    if (progress.cost.steps > 0 || !weighting->needs_features()) return;
    weighting->begin(task_inputs(*model, *batches, settings.evaluation_batch_size));
  }

  void train_on(std::vector<StepBatch> micro_batches) {
    begin();
    enter_phase();
    for (StepBatch& micro : micro_batches) {
      micro = micro.to(device);
      progress.cost.tokens += micro.tokens.tokens();
      progress.cost.examples += micro.tokens.sequences();
      for (const TaskBatch& rows : micro.tasks) progress.cost.rows.at(rows.task) += rows.rows.size(0);
    }
    checks.begin();
    StepContext context;
    context.forward = {.model = model.get(),
                       .objective = objective.get(),
                       .seed = settings.seed,
                       .step = progress.cost.steps,
                       .encoded_sequences = &progress.cost.encoded_sequences,
                       .unchecked = checks.losses()};
    context.parameters = &parameters;
    context.epoch = progress.epoch;
    context.memory = gradient_memory;
    context.gram_only = gram_only;
    if (settings.clip == "per_task") context.task_clip_norm = settings.clip_norm;
    const std::int64_t number = progress.cost.steps + 1;
    context.tells_products = number % settings.report_every == 0 || number == total;
    context.independent = [this](std::size_t index) {
      return std::vector<StepBatch>{batches->independent_batch(progress.cost.steps, index).to(device)};
    };
    StepGradients gradients(context, std::move(micro_batches));
    parameters.zero_gradients();
    const Tensor norm = backward(gradients, context.forward);
    if (norm.defined()) {
      optimizer->step(learning_rate(progress.cost.steps));
      if (gradients.size() > 0) checks.blaming([&] { weighting->after_update(gradients); });
      checks.end(gradients, context.forward);
      statistics.add(gradients, norm, clipped(gradients, norm));
    } else {
      statistics.add_skipped();
    }
    ++progress.cost.steps;
    if (context.tells_products)
      report(norm.defined() ? conflicts_of_step(gradients) : GradientWeighting::Diagnostics());
  }

  /// Which of a step's gradients clipping shortened, 1 or 0: the whole one, or [T] each task's.
  Tensor clipped(const StepGradients& gradients, const Tensor& norm) const {
    if (settings.clip == "none" || settings.clip_norm == 0) return torch::zeros_like(norm);
    return ((gradients.task_norms().defined() ? gradients.task_norms() : norm) > settings.clip_norm).to(norm.options());
  }

  /// Writes the step's gradient into the flat buffer, clipped and checked.
  /// @return the model's norm before that; undefined when it is not finite and such steps are skipped: then nothing has changed
  Tensor backward(StepGradients& gradients, const ForwardContext& forward) {
    std::optional<StepSnapshot> before;
    if (settings.non_finite == "skip") before.emplace(*weighting, *objective, *model);
    try {
      // The forward pass runs in here too: the weighting asks for losses, products or gradients of the tasks, each is
      // computed when first asked for (StepGradients -> ForwardPass -> Objective -> TaskStep -> encoder, architecture,
      // head), and its last call (apply_...) writes one gradient into the flat buffer, by a backward pass through the
      // weighted losses or from the rows at hand. The penalties' gradient follows.
      if (gradients.size() > 0) {
        checks.blaming([&] { weighting->backward(gradients); });
      } else {
        gradients.apply_penalties();
      }
      if (!gradients.applied()) throw StateError("the weighting ended a step without applying a gradient");
      const double limit = settings.clip == "none" ? 0 : settings.clip_norm;
      const GradientNorms norms = parameters.clip_gradients(settings.clip == "total" ? limit : 0, limit);
      checks.see(norms.model + norms.terms + norms.weighting, gradients, forward);
      return norms.model;
    } catch (NonFiniteError& error) {
      // The mathematics of a weighting names its method, not when.
      if (!std::string_view(error.what()).starts_with("step ")) {
        error.add_context("step " + std::to_string(forward.step + 1));
      }
      if (!before.has_value()) throw;
      before->restore();
      log::warning(std::string("step left out: ") + error.what());
      return {};
    }
  }

  /// Cosines and conflicts of the tasks' gradients, where the weighting asked for these.
  static GradientWeighting::Diagnostics conflicts_of_step(const StepGradients& gradients) {
    const Tensor& products = gradients.products();
    return products.defined() ? conflicts_of(products, gradients.tasks()) : GradientWeighting::Diagnostics();
  }

  /// @param conflicts  of the last step; what the weighting tells of them itself goes first
  void report(const GradientWeighting::Diagnostics& conflicts = {}) {
    checks.look();
    StepReport record;
    record.step = progress.cost.steps;
    record.epoch = progress.epoch;
    record.total_steps = total;
    record.learning_rate = learning_rate(progress.cost.steps - 1);
    progress.cost.clipped_steps += statistics.clipped_steps();
    statistics.take(record);
    record.diagnostics = diagnostics_of(*objective, *weighting, conflicts);
    const double seconds = std::exchange(unreported_seconds, 0.0) + stopwatch.lap();
    progress.cost.seconds += seconds;
    record.tokens_per_second = static_cast<double>(progress.cost.tokens - reported_tokens) / seconds;
    record.examples_per_second = static_cast<double>(progress.cost.examples - reported_examples) / seconds;
    reported_tokens = progress.cost.tokens;
    reported_examples = progress.cost.examples;
    for (const auto& listener : report_listeners) listener(record);
  }

  void end_epoch() {
    checks.look();
    weighting->end_epoch(progress.epoch, statistics.take_epoch_losses());
  }

  Evaluation evaluate_selection_split() {
    checks.look();
    unreported_seconds += stopwatch.lap();
    Evaluation scores = evaluate(split_named(settings.selection.split));
    stopwatch.lap();
    return scores;
  }

  bool enter(const Evaluation& scores) {
    const bool last_phase = trained.plan.last_at(progress.cost.steps - 1);
    const bool best = select_evaluation(settings.selection, scores, model->tasks(), progress, last_phase);
    if (progress.stopped_early && progress.cost.steps % settings.report_every != 0) report();
    return best;
  }

  void evaluate_within() {
    if (!settings.evaluate_every.due(progress.cost.steps, batches->steps_per_epoch())) return;
    const Evaluation scores = evaluate_selection_split();
    const bool best = enter(scores);
    for (const auto& listener : evaluation_listeners) listener(scores, best);
    stopwatch.lap();
  }

  /// Scores the epoch that has just ended and tells whether training goes on.
  void select() {
    progress.epoch_ended = false;
    Evaluation scores;
    if (settings.selection.monitor != "last") scores = evaluate_selection_split();
    const bool best = enter(scores);
    const std::int64_t ended = progress.epoch++;
    for (const auto& listener : epoch_listeners) listener(ended, scores, best);
    stopwatch.lap();
  }

  BatchReader evaluation_batches(Split split) const {
    return batches->evaluation(split, settings.evaluation_batch_size);
  }
  Evaluation evaluate(Split split, const EmbeddingNoise* noise = nullptr) {
    checks.look();
    return evaluate_model(*model, objective.get(), evaluation_batches(split), split_name(split), progress.cost.steps,
                          noise);
  }

  bool over() const { return progress.cost.steps >= total || progress.stopped_early; }
  CheckpointParts parts() const {
    return {
        .model = model.get(), .objective = objective.get(), .weighting = weighting.get(), .optimizer = optimizer.get()};
  }
};

Trainer::Trainer(TrainerSettings settings, std::shared_ptr<MultiTaskModel> model, std::shared_ptr<Objective> objective,
                 const WeightingFactory& weighting, std::unique_ptr<BatchSource> batches)
    : implementation_(std::make_unique<Implementation>(std::move(settings), std::move(model), std::move(objective),
                                                       weighting, std::move(batches))) {
  Implementation& self = *implementation_;
  check_trainer(self.settings, *self.model, *self.objective, *self.weighting, *self.batches);
  self.batches->prepare_for(self.device);
  check_task_inputs(*self.weighting, *self.model, *self.batches, self.settings.evaluation_batch_size);
  const std::int64_t all = self.settings.epochs * self.batches->steps_per_epoch();
  self.gram_only = does_without_jacobian(self.settings.task_gradients, self.jacobian_bytes());
  self.total = self.settings.max_steps > 0 ? std::min(all, self.settings.max_steps) : all;
}

Trainer::Trainer(TrainerSettings settings, std::shared_ptr<MultiTaskModel> model, std::shared_ptr<Objective> objective,
                 const WeightingFactory& weighting, std::shared_ptr<const TaskData> data)
    : Trainer(settings, std::move(model), std::move(objective), weighting,
              std::make_unique<TaskBatches>(std::move(data), settings.batching, settings.sampler, settings.seed,
                                            settings.epochs)) {}

Trainer::~Trainer() = default;

void Trainer::on_report(std::function<void(const StepReport&)> listener) {
  implementation_->report_listeners.push_back(std::move(listener));
}
void Trainer::on_step(std::function<void(std::int64_t)> listener) {
  implementation_->step_listeners.push_back(std::move(listener));
}
void Trainer::on_evaluation(std::function<void(const Evaluation&, bool)> listener) {
  implementation_->evaluation_listeners.push_back(std::move(listener));
}
void Trainer::on_epoch(std::function<void(std::int64_t, const Evaluation&, bool)> listener) {
  implementation_->epoch_listeners.push_back(std::move(listener));
}

bool Trainer::step() {
  Implementation& self = *implementation_;
  if (self.over()) return false;
  // Stepping by hand passes over the evaluation of an epoch.
  if (std::exchange(self.progress.epoch_ended, false)) ++self.progress.epoch;
  if (!std::exchange(self.training, true)) self.stopwatch.lap();
  TrainingStep next = self.batches->step(self.progress.cost.steps);
  self.train_on(std::move(next.micro_batches));
  if (next.last_of_epoch || self.over()) {
    self.end_epoch();
    self.progress.epoch_ended = true;
  }
  return true;
}

void Trainer::step(const StepBatch& batch) { implementation_->train_on({batch}); }

bool Trainer::fit(const std::atomic<bool>* stop, std::int64_t epochs) {
  Implementation& self = *implementation_;
  const auto asked_to_stop = [&] { return stop != nullptr && stop->load(); };
  while (true) {
    if (self.progress.epoch_ended) self.select();
    if (self.over() || (epochs > 0 && self.progress.epoch >= epochs)) return true;
    if (asked_to_stop()) {
      self.checks.look();
      return false;
    }
    step();
    if (self.progress.epoch_ended) continue;
    self.evaluate_within();
    for (const auto& listener : self.step_listeners) listener(self.progress.cost.steps);
  }
}

Evaluation Trainer::evaluate(Split split, const EmbeddingNoise* noise) const {
  return implementation_->evaluate(split, noise);
}

BatchReader Trainer::evaluation_batches(Split split) const { return implementation_->evaluation_batches(split); }

std::int64_t Trainer::steps_done() const { return implementation_->progress.cost.steps; }
std::int64_t Trainer::total_steps() const { return implementation_->total; }
std::int64_t Trainer::steps_per_epoch() const { return implementation_->batches->steps_per_epoch(); }
std::int64_t Trainer::epochs_done() const { return implementation_->progress.epoch; }
std::int64_t Trainer::best_epoch() const { return implementation_->progress.best.epoch; }
std::int64_t Trainer::best_step() const { return implementation_->progress.best.step; }
bool Trainer::stopped_early() const { return implementation_->progress.stopped_early; }
const std::vector<BestEvaluation>& Trainer::task_bests() const { return implementation_->progress.task_bests; }
TrainingCost Trainer::cost() const {
  TrainingCost cost = implementation_->progress.cost;
  cost.clipped_steps += implementation_->statistics.clipped_steps();
  return cost;
}
const TrainerSettings& Trainer::settings() const { return implementation_->settings; }
const MultiTaskModel& Trainer::model() const { return *implementation_->model; }
const Objective& Trainer::objective() const { return *implementation_->objective; }
FlatParameters& Trainer::parameters() { return implementation_->parameters; }

void Trainer::save(const std::filesystem::path& folder, const std::filesystem::path& tokenizer,
                   const Json* config) const {
  implementation_->checks.look();
  CheckpointParts parts = implementation_->parts();
  parts.tokenizer = tokenizer;
  parts.config = config;
  Json progress = implementation_->progress.to_json();
  progress["statistics"] = implementation_->statistics.save();
  progress["training_data"] = implementation_->batches->fingerprint();
  write_checkpoint(folder, parts, progress);
}

void Trainer::load(const std::filesystem::path& folder) {
  Implementation& self = *implementation_;
  recover_folder(folder);
  const std::string state = (folder / "state.json").string();
  Progress progress;
  StepStatistics statistics = self.statistics;
  try {
    const Json saved = verify_checkpoint(folder).at("progress");
    if (saved.at("training_data") != self.batches->fingerprint()) {
      throw UserError(folder.string() +
                      ": the training data are not those it was trained on; texts or labels have changed");
    }
    with_context(state, [&] { progress = Progress::from_json(saved, self.model->tasks().size()); });
    statistics.load(saved.at("statistics"));
  } catch (const Json::exception& error) {
    throw FormatError(state + ": " + error.what());
  }
  read_checkpoint(folder, self.parts());
  self.progress = progress;
  self.statistics = std::move(statistics);
  self.reported_tokens = progress.cost.tokens;
  self.reported_examples = progress.cost.examples;
  self.training = false;
  self.checks.forget();
  self.phase.reset();
}

}  // namespace infomtl
