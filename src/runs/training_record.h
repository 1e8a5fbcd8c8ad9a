#pragma once
// Training record: the "training" part of results.json, what a run cost.

#include <cstdint>
#include <vector>

#include "infomtl/core/json.h"
#include "infomtl/data/task.h"
#include "infomtl/train/training_cost.h"

namespace infomtl {

/// steps and examples, planned_steps and planned_examples (more where training stopped early), tokens,
/// encoded_sequences, rows and passes (per task: rows trained on, and those over the rows of its training split),
/// clipped_share (of the steps), seconds, examples_per_second, tokens_per_second, peak_memory_bytes (of this process
/// since the run was begun or continued).
/// @param tasks  as TrainingCost::rows
Json training_record(const TrainingCost& cost, std::int64_t planned_steps, const std::vector<Task>& tasks);
/// The record of several runs that each trained other tasks, as if they were one.
Json added_up(const std::vector<Json>& records);

}  // namespace infomtl
