#pragma once
// Trainer settings: how long, in what batches, by which optimiser and schedule a model is trained.
//
//   TrainerSettings settings{.epochs = 3, .learning_rate = 5e-5};
//   settings.optimizer = adamw({.weight_decay = 0.01});
//   settings.groups = {{.match = "encoder", .rate_factor = 0.1}};
//   settings = TrainerSettings::from_config(config);          // the same from a file, checked

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/data/batching.h"
#include "infomtl/data/sampler.h"
#include "infomtl/optim/adamax.h"
#include "infomtl/optim/parameter_groups.h"
#include "infomtl/optim/schedule.h"
#include "infomtl/train/selection.h"
#include "infomtl/train/step_interval.h"
#include "infomtl/train/training_phase.h"

namespace infomtl {

class Config;

struct INFOMTL_API TrainerSettings {
  std::uint64_t seed = 0;
  std::int64_t epochs = 1;
  std::int64_t max_steps = 0;  ///< stop after so many steps; 0: all epochs
  double learning_rate = 0;    ///< peak; 0: the optimiser's
  /// What clipping shortens to clip_norm: "total", the gradient as the weighting combined it, so that in steps of one
  /// task a weight is lost where the norm is above; "per_task", the gradient of each task before it is weighed, so that
  /// weights act (for methods that read losses only; costs the Jacobian); "none". What weighting and terms own
  /// (learned scales, critics, priors) is clipped by norms of its own.
  std::string clip = "total";
  double clip_norm = 1.0;  ///< largest norm; 0: no clipping
  OptimizerFactory optimizer = adamax();
  std::shared_ptr<const LearningRateSchedule> schedule = schedules::warmup_constant();
  /// Rates and decays of their own; the first that matches a parameter counts.
  std::vector<ParameterGroup> groups = {};
  /// Rates of the encoder's L layers: times layer_decay^(L + 1 - l) for the l-th from the bottom, l = 0 for embeddings,
  /// on top of the groups' rates; 1: alike.
  double layer_decay = 1;
  std::vector<TrainingPhase> phases = {};  ///< one after the other, together all of training; empty: everything trains
  BatchingSettings batching = {};          ///< of TaskBatches; a source of batches of one's own has settings of its own
  std::shared_ptr<const Sampler> sampler = {};  ///< likewise; null: samplers::proportional()
  /// How methods that read only the products of the tasks' gradients (PCGrad, MGDA, ...) get them, T tasks and P shared
  /// parameters: "jacobian" keeps [T, P]; "gram" keeps the factors of the gradients instead and multiplies them twice,
  /// where a step allows it (one micro-batch, tasks without common rows, each parameter used once); "auto" is
  /// "jacobian" unless that takes more than a quarter of the machine's memory.
  std::string task_gradients = "auto";
  std::int64_t evaluation_batch_size = 128;
  /// Or "skip": leave out the step, say so in the log. Both look at one number of the step before the parameters move.
  std::string non_finite = "error";
  std::int64_t report_every = 10;
  SelectionSettings selection = {};
  StepInterval evaluate_every = {};  ///< scores the selection's split within epochs, too; none: after each only

  /// The fields of a config's "training" object, but "sampler", "selection", "evaluate_every" and "phases".
  void fields(FieldVisitor& f);
  /// From a config's "seed", "optimizer", "schedule" and "training", all of it checked.
  /// @throws ConfigError; a selection on the test split is one
  static TrainerSettings from_config(const Config& config);
};

}  // namespace infomtl
