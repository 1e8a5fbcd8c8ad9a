#pragma once
// Bad gradient: who is to blame for a gradient that is not finite.

#include "infomtl/optim/flat_parameters.h"
#include "infomtl/step/step_gradients.h"

namespace infomtl {

/// What a step was made of.
struct StepInputs {
  std::vector<StepBatch> micro_batches;
  std::vector<std::size_t> tasks;  ///< those with a loss
  ForwardContext forward;

  StepInputs(const StepGradients& step, const ForwardContext& its_forward)
      : micro_batches(step.micro_batches()), tasks(step.tasks()), forward(its_forward) {}
};

/// Computes the gradient of each task of a step once more, alone.
/// @throws NonFiniteError naming step, task and parameter, always
[[noreturn]] void throw_bad_gradient(const StepInputs& step, FlatParameters& parameters);

}  // namespace infomtl
