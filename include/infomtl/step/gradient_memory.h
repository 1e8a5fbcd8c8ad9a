#pragma once
// Gradient memory: what the gradients of single tasks are kept in, and how much of it is too much.

#include <torch/types.h>

#include <cstdint>
#include <string>

#include "infomtl/ops/tensor.h"

namespace infomtl {

/// What steps hand on to one another. Memory grows to what the largest step so far needed, and a step needs at most
/// [tasks of the experiment, P].
struct GradientMemory {
  Tensor rows;                  ///< [n], for the Jacobian
  Tensor scratch;               ///< [n], for the gradients of a few parameters
  bool needs_jacobian = false;  ///< whether a step was seen whose Gram matrix takes the Jacobian
  bool announced = false;       ///< whether the log says how Gram matrices are computed
};

/// The first `rows` x `columns` entries of `memory`, made larger where they do not fit: [rows, columns].
Tensor matrix_in(Tensor& memory, std::int64_t rows, std::int64_t columns, const torch::TensorOptions& options);

/// Whether methods that read only products of gradients should do without a Jacobian of so many bytes.
///
/// @param choice  "jacobian", "gram", or "auto": when the Jacobian would take more than a quarter of the machine's
/// memory. That is a constant of the machine: a run goes on as it began, whatever else is running.
bool does_without_jacobian(const std::string& choice, std::int64_t bytes);

}  // namespace infomtl
