#pragma once
// Task inputs: what the encoder makes of every training row before a run's first step, for weightings that are a function
// of it.

#include <cstdint>
#include <vector>

#include "infomtl/data/batch_source.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

/// One pass over the training split, in evaluation mode and without gradients. @param batch_size  texts per pass
/// @throws StateError where the source does not give the rows of a task again (BatchSource::evaluation)
std::vector<TaskInputs> task_inputs(const MultiTaskModel& model, BatchSource& batches, std::int64_t batch_size);

/// The same without features, for GradientWeighting::check(): the texts and labels alone, without a pass of the encoder; labels
/// of words in the order of batches. Empty where the source does not give the rows of every task again.
std::vector<TaskInputs> task_labels(const MultiTaskModel& model, BatchSource& batches, std::int64_t batch_size);

/// Lets a weighting that will ask for features refuse the tasks before anything is written. @throws ConfigError
void check_task_inputs(const GradientWeighting& weighting, const MultiTaskModel& model, BatchSource& batches,
                       std::int64_t batch_size);

}  // namespace infomtl
