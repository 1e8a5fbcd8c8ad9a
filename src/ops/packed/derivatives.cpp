#include "infomtl/ops/packed/derivatives.h"

#include <ATen/core/grad_mode.h>

#include <string>

#include "infomtl/core/errors.h"

namespace infomtl::ops {

void refuse_second_derivative(const char* operation) {
  if (at::GradMode::is_enabled()) {
    throw StateError(std::string(operation) +
                     ": differentiable once, but a gradient of its gradient was asked for; ask for "
                     "ops::Derivatives::twice (of a whole encoder: EncodeOptions::derivatives)");
  }
}

}  // namespace infomtl::ops
