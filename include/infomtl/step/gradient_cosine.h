#pragma once
// Gradient cosine: how the gradients of the tasks' own losses agree in the parameters that all of them train, and how much of
// that is the noise of batches.
//
//   for (const Tensor& cosines : gradient_cosines(model, data, {.draws = 20})) sum += cosines;      // [T, T] each

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/task_data.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {

struct GradientCosineSettings {
  std::int64_t draws = 20;  ///< pairs of batches
  std::int64_t rows = 32;   ///< training rows of a task in a batch; half of what the task has where that is less
  std::uint64_t seed = 0;   ///< of the rows: a draw is a function of it, the task's name and the draw's number
};

/// For each draw the cosines [T, T] of gradients of the supervised loss with respect to the shared parameters, float64 on the
/// CPU, without dropout. Task i's gradient is of one batch and task j's of another that has none of the task's rows in the
/// first, both ways round and averaged, so that batches have the same noise on and off the diagonal: the diagonal is how far
/// a task agrees with itself, which the cosine of two tasks of one direction would have, too. NaN for a task of fewer than two
/// rows and where a gradient is zero.
///
/// Holds the gradients of both batches: 2 T floats for each shared parameter. The parameters become views of one buffer; their
/// values stay.
/// @param drawing  called before each draw with its number, from 1
INFOMTL_API std::vector<torch::Tensor> gradient_cosines(const MultiTaskModel& model, const TaskData& data,
                                                        const GradientCosineSettings& settings = {},
                                                        const std::function<void(std::int64_t)>& drawing = {});

}  // namespace infomtl
