#pragma once
// Gradient memory: the buffers that gradients of single tasks are kept in, and what was found out about a run's steps,
// handed on from step to step.
//
//   auto memory = make_gradient_memory();
//   StepGradients gradients({.forward = ..., .parameters = &flat, .memory = memory}, batches);

#include <cstdint>
#include <memory>
#include <string>

#include "infomtl/core/export.h"

namespace infomtl {

/// At most [tasks of the experiment, P] entries; grows to what the largest step so far needed.
struct GradientMemory;
INFOMTL_API std::shared_ptr<GradientMemory> make_gradient_memory();

/// Whether methods that read only products of gradients should do without a Jacobian of so many bytes.
///
/// @param choice  "jacobian", "gram", or "auto": when the Jacobian would take more than a quarter of the machine's
/// memory. That is a constant of the machine: a run goes on as it began, whatever else is running.
INFOMTL_API bool does_without_jacobian(const std::string& choice, std::int64_t bytes);

}  // namespace infomtl
