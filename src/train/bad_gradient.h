#pragma once
// Bad gradient: who is to blame for a gradient that is not finite.

#include "infomtl/optim/flat_parameters.h"
#include "infomtl/step/step_gradients.h"

namespace infomtl {

/// Computes the gradient of each task of a step once more, alone. @param forward  the step's own
/// @throws NonFiniteError naming step, task and parameter, always
[[noreturn]] void throw_bad_gradient(const StepGradients& step, const ForwardContext& forward,
                                     FlatParameters& parameters);

}  // namespace infomtl
