#pragma once
// Trainer check: whether the parts of a trainer fit together, before the first step.

#include "infomtl/data/batch_source.h"
#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/train/trainer_settings.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

/// Also warns in the log of what micro-batches change. @throws ConfigError
void check_trainer(const TrainerSettings& settings, const MultiTaskModel& model, const Objective& objective,
                   const GradientWeighting& weighting, const BatchSource& batches);

}  // namespace infomtl
