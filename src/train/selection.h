#pragma once
// What a selection checks and decides.

#include <vector>

#include "infomtl/data/batch_source.h"
#include "infomtl/train/evaluation.h"
#include "infomtl/train/selection.h"
#include "train/progress.h"

namespace infomtl {

/// @throws ConfigError where the settings name the test split, a task that is not there, or rows that are not there
void check_selection(const SelectionSettings& settings, const BatchSource& batches);

/// Enters the scores of an evaluation at progress.cost.steps, after an epoch or within one; without a choice ("last") it is
/// the best one.
/// @param candidate  false: it can't be chosen, nor does it count as one without improvement, since a later phase of
/// training is still to come
/// @return whether it is the best so far
bool select_evaluation(const SelectionSettings& settings, const Evaluation& scores, const std::vector<Task>& tasks,
                       Progress& progress, bool candidate = true);

}  // namespace infomtl
