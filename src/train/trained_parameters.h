#pragma once
// Trained parameters: everything that a run may train, each with its owner, its rate and when it rests; the one place
// that knows who owns what.

#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/optim/flat_parameters.h"
#include "infomtl/train/trainer_settings.h"
#include "infomtl/weighting/gradient_weighting.h"
#include "train/phase_plan.h"

namespace infomtl {

struct TrainedParameters {
  /// What no phase trains requires no gradient from here on, so that it stays outside the flat buffer.
  /// @throws ConfigError as apply_groups() and PhasePlan, for the layer decay of an encoder that does not tell its
  /// layers, and for a weighting that reads gradients of shared parameters in a phase in which none trains
  TrainedParameters(const TrainerSettings& settings, const MultiTaskModel& model, const Objective& objective,
                    const GradientWeighting& weighting, std::int64_t steps_per_epoch);

  NamedParameters shared, own;  ///< in the order of the flat buffer
  PhasePlan plan;
};

/// The peak learning rate.
double peak_rate(const TrainerSettings& settings);

}  // namespace infomtl
