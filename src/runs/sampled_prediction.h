#pragma once
// Sampled prediction: what a model says of a text when its representation and head are drawn instead of taken at their means.

#include <cstdint>

#include "infomtl/core/json.h"
#include "infomtl/losses/task_step.h"
#include "infomtl/runs/prediction_samples.h"

namespace infomtl {

/// @throws UserError where nothing of the model is random, its head cannot be run alone, or the samples are too few
void check_samples(const MultiTaskModel& model, std::size_t task, const PredictionSamples& samples);

/// [samples, rows, C] float32 on the CPU, of the head on rows first .. last of a step in evaluation; without dropout.
Tensor sampled_outputs(TaskStep& step, std::int64_t first, std::int64_t last, std::int64_t samples,
                       ops::TensorRandom& noise);

/// The answer for one text from such samples, as TrainedRun::predict() describes.
Json sampled_answer(const Task& task, const Tensor& outputs);

}  // namespace infomtl
