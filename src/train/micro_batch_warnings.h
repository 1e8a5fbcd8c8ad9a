#pragma once
// Micro-batch warnings: what a step of several micro-batches is not the same for as a step of one batch.

#include <cstdint>

#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {

/// Names in the log the terms that compare rows, and the terms and heads that draw something for all rows of a batch. Says
/// nothing for one micro-batch.
void warn_of_micro_batches(std::int64_t micro_batches, const Objective& objective, const MultiTaskModel& model);

}  // namespace infomtl
