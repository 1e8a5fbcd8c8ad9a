#pragma once
// A small model in training, for tests of the trainer.

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/optim/schedule.h"
#include "infomtl/train/trainer.h"
#include "infomtl/train/weighting_context.h"
#include "step/small_run.h"
#include "support/one_thread.h"

namespace infomtl::testing {

/// Two epochs in batches of 12 at a constant rate of 0.01; as long as the phases, where there are some.
inline TrainerSettings small_settings(const std::string& regime, std::vector<TrainingPhase> phases = {}) {
  TrainerSettings settings;
  settings.seed = 3;
  settings.epochs = 2;
  settings.batching.batch_size = 12;
  settings.batching.regime = regime_named(regime);
  settings.learning_rate = 0.01;
  settings.schedule = schedules::constant();
  settings.report_every = 1;
  settings.phases = std::move(phases);
  for (const TrainingPhase& phase : settings.phases) settings.max_steps += phase.steps;
  return settings;
}

struct Trained {
  SmallRun run;
  std::unique_ptr<Trainer> trainer;

  /// @param given  a model and an objective
  Trained(SmallRun given, const TrainerSettings& settings, const WeightingFactory& weighting)
      : run(std::move(given)),
        trainer(std::make_unique<Trainer>(settings, run.model, run.objective, weighting, run.data)) {}
  /// InfoMTL without TIMin. @param weighting, architecture  as in a config
  explicit Trained(const TrainerSettings& settings, const Json& weighting = "equal",
                   const Json& architecture = "shared", double dropout = 0.1)
      : Trained(SmallRun(dropout, "gaussian", {"supervised", {{"name", "simax"}, {"weight", 0.1}}}, architecture),
                settings, WeightingFactory([weighting](const WeightingContext& tasks) {
                  return build_weighting(Config::from_json(weighting, "weighting"), tasks);
                })) {}

  void steps(int count) {
    for (int i = 0; i < count; ++i) {
      if (!trainer->step()) throw std::runtime_error("training is over");
    }
  }
  /// Values of what the flat buffer holds under names that begin so.
  Tensor values(const std::string& prefix) const {
    std::vector<Tensor> found;
    for (const FlatSlot& slot : trainer->parameters().slots()) {
      if (slot.name.starts_with(prefix)) found.push_back(slot.parameter.detach().flatten().clone());
    }
    return at::cat(found);
  }
  const FlatSlot& slot(const std::string& name) const {
    for (const FlatSlot& each : trainer->parameters().slots()) {
      if (each.name == name) return each;
    }
    throw std::runtime_error("no slot " + name);
  }
};

}  // namespace infomtl::testing
