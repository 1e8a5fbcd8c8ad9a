#pragma once
// Trainer: the loop. It knows interfaces only: a model, an objective, a weighting, an optimiser and a source of
// batches.
//
//   Trainer trainer({.epochs = 3, .learning_rate = 5e-5}, model, objective, weightings::equal(), data);
//   trainer.on_report([](const StepReport& r) { ... });
//   trainer.fit();                                   // or: while (trainer.step()) {}
//
// A step is a function of (settings, parameters, optimiser state, step number): nothing in it reads a clock, a file or
// a global random engine. So a run continued from a checkpoint, or one that evaluates in between, is the same run.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/data/batch_source.h"
#include "infomtl/data/batching.h"
#include "infomtl/data/sampler.h"
#include "infomtl/data/step_batch.h"
#include "infomtl/data/task_data.h"
#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/optim/flat_parameters.h"
#include "infomtl/train/best_evaluation.h"
#include "infomtl/train/evaluation.h"
#include "infomtl/train/step_report.h"
#include "infomtl/train/trainer_settings.h"
#include "infomtl/train/training_cost.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

class INFOMTL_API Trainer {
 public:
  /// Moves the model's, the objective's and the weighting's parameters into one flat buffer.
  /// @param weighting  from weighting/weightings.h, or an object
  /// @throws ConfigError where settings, objective, weighting, model and batches do not fit each other
  Trainer(TrainerSettings settings, std::shared_ptr<MultiTaskModel> model, std::shared_ptr<Objective> objective,
          const WeightingFactory& weighting, std::unique_ptr<BatchSource> batches);
  /// The same over TaskBatches of these data, as the settings say.
  Trainer(TrainerSettings settings, std::shared_ptr<MultiTaskModel> model, std::shared_ptr<Objective> objective,
          const WeightingFactory& weighting, std::shared_ptr<const TaskData> data);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  void on_report(std::function<void(const StepReport&)> listener);
  /// After each step of fit() but the last of an epoch, which on_epoch() follows: a place to save().
  void on_step(std::function<void(std::int64_t steps_done)> listener);
  /// After each evaluation of fit() within an epoch (TrainerSettings::evaluate_every), before on_step() of the same step.
  void on_evaluation(std::function<void(const Evaluation& validation, bool best)> listener);
  /// After each epoch of fit(), once it was scored; `validation` has no scores when the monitor is "last".
  void on_epoch(std::function<void(std::int64_t epoch, const Evaluation& validation, bool best)> listener);

  /// One optimiser step with the next batch of the source; false when training is over.
  /// @throws NonFiniteError naming step, task and loss, or step and parameter; on a GPU of the step before, where it is not
  /// skipped (TrainerSettings::non_finite): nobody waits for a step. Reports, evaluations and save() look, too
  bool step();
  /// One optimiser step with a batch of the caller's. It counts as a step of the source.
  void step(const StepBatch& batch);
  /// To the end, selecting on validation. The model is left as the last epoch made it, not the best one: save() in
  /// on_epoch() where `best` is true, or set selection.patience; best_epoch() tells which it was. `stop` set from outside ends it after the step in hand.
  /// @param epochs  of the run, from its start, that end it as well, once the last of them was scored; 0: all. A later call
  /// goes on as if it had never ended: the schedule of the learning rate is that of the whole run
  /// @return true when it ran to its end or that of these epochs
  bool fit(const std::atomic<bool>* stop = nullptr, std::int64_t epochs = 0);
  /// @param noise  on the word embeddings; null: none
  Evaluation evaluate(Split split, const EmbeddingNoise* noise = nullptr) const;
  /// The split's rows as evaluate() reads them.
  BatchReader evaluation_batches(Split split) const;

  std::int64_t steps_done() const;
  std::int64_t total_steps() const;
  std::int64_t steps_per_epoch() const;
  std::int64_t epochs_done() const;
  /// Epoch of the best evaluation so far, counted from 0; -1 before the first evaluation of the last phase.
  std::int64_t best_epoch() const;
  /// Optimiser steps done at the best evaluation so far; -1 likewise.
  std::int64_t best_step() const;
  /// Whether the selection's patience ended training.
  bool stopped_early() const;
  /// Each task's own best so far, under selection.per_task; else empty.
  const std::vector<BestEvaluation>& task_bests() const;
  /// What the steps so far have used up.
  TrainingCost cost() const;
  const TrainerSettings& settings() const;
  const MultiTaskModel& model() const;
  const Objective& objective() const;
  FlatParameters& parameters();

  /// Everything a continued run needs, as a folder that Hugging Face reads as the encoder, and `infomtl predict` as a
  /// model where its architecture and heads are built-in ones and a tokenizer lies beside them.
  /// @param tokenizer  folder whose tokenizer files are put beside it; empty for none
  /// @param config  what its run was configured as, which state.json keeps; null: nothing
  /// @throws IoError
  void save(const std::filesystem::path& folder, const std::filesystem::path& tokenizer = {},
            const Json* config = nullptr) const;
  /// Verifies all of it before anything is changed. @throws IoError, FormatError
  void load(const std::filesystem::path& folder);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace infomtl
