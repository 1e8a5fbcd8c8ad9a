#pragma once
// Gradient memory, its inside: what one step finds out spares the next ones the try.

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "infomtl/step/gradient_memory.h"

namespace infomtl {

using torch::Tensor;

/// What was found out about the steps of a run.
struct GradientFindings {
  bool needs_jacobian = false;  ///< a step was seen whose Gram matrix takes the Jacobian
  bool two_paths = false;       ///< a parameter is used with gradient segments and without: one backward pass per task
  bool announced = false;       ///< the log says how Gram matrices are computed
};

struct GradientMemory {
  Tensor rows;     ///< [n], for the Jacobian
  Tensor scratch;  ///< [n], for the gradients of a few parameters
  std::shared_ptr<GradientFindings> findings = std::make_shared<GradientFindings>();
};

/// The first `rows` x `columns` entries of `memory`, made larger where they do not fit: [rows, columns].
Tensor matrix_in(Tensor& memory, std::int64_t rows, std::int64_t columns, const torch::TensorOptions& options);

}  // namespace infomtl
