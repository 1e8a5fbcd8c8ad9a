#pragma once
// What the functions of information theory ask of their arguments, and the arithmetic they share.

#include <torch/types.h>

#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/ops/loss_value.h"

namespace infomtl::ops {

inline std::string shape_text(const torch::Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  std::string text = "[";
  for (std::int64_t i = 0; i < tensor.dim(); ++i) text += (i ? ", " : "") + std::to_string(tensor.size(i));
  return text + "]";
}

inline void require_shape(bool holds, const char* function, const char* what, const torch::Tensor& found) {
  if (!holds) throw ShapeError(std::string(function) + ": " + what + ", found " + shape_text(found));
}

inline void require_matrix(const torch::Tensor& tensor, const char* function, const char* name) {
  require_shape(tensor.defined() && tensor.dim() == 2 && tensor.size(0) > 0 && tensor.size(1) > 0, function,
                (std::string(name) + " must be a matrix with at least one row and column").c_str(), tensor);
}

inline void require_same_shape(const torch::Tensor& a, const torch::Tensor& b, const char* function, const char* name) {
  require_shape(b.defined() && a.sizes() == b.sizes(), function,
                (std::string(name) + " must have the shape " + shape_text(a)).c_str(), b);
}

/// An int64 for each of so many rows.
inline void require_numbers(const torch::Tensor& numbers, std::int64_t rows, const char* function, const char* name) {
  require_shape(
      numbers.defined() && numbers.dim() == 1 && numbers.size(0) == rows && numbers.scalar_type() == torch::kInt64,
      function, (std::string(name) + " must be int64 [" + std::to_string(rows) + "]").c_str(), numbers);
}

inline void require_positive(double value, const char* function, const char* name) {
  if (!(value > 0)) {
    throw ConfigError(std::string(function) + ": " + name + " must be above 0, found " + std::to_string(value));
  }
}

/// float64 stays, everything else is computed in float32.
inline torch::Tensor widened(const torch::Tensor& tensor) {
  return tensor.scalar_type() == torch::kFloat64 ? tensor : tensor.to(torch::kFloat32);
}

inline torch::ScalarType widened_type(const torch::Tensor& a, const torch::Tensor& b) {
  const bool is_double = a.scalar_type() == torch::kFloat64 || b.scalar_type() == torch::kFloat64;
  return is_double ? torch::kFloat64 : torch::kFloat32;
}

/// (sum, count) with a count known on the host.
inline LossValue loss_value(const torch::Tensor& sum, std::int64_t count) {
  return {sum, torch::full({}, static_cast<double>(count), sum.options().requires_grad(false))};
}

inline constexpr double kSmallestNorm = 1e-12;

}  // namespace infomtl::ops
