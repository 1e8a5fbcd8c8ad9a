#pragma once
// What the autograd functions of this room share.

#include <torch/autograd.h>
#include <torch/types.h>

#include <string>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/ops/packed/derivatives.h"
#include "infomtl/ops/packed/row_owners.h"
#include "ops/packed/products.h"

namespace infomtl::ops {

/// Keeps a C++ value in an autograd context.
template <class Value>
struct Held final : torch::CustomClassHolder {
  explicit Held(Value kept) : value(std::move(kept)) {}
  Value value;
};
template <class Value>
c10::IValue hold(Value value) {
  return c10::IValue::make_capsule(c10::make_intrusive<Held<Value>>(std::move(value)));
}
template <class Value>
Value held(const c10::IValue& kept) {
  return static_cast<Held<Value>*>(kept.toCapsule().get())->value;
}

/// Where a backward pass may write the gradient of what its forward pass saved for it alone: over it, in the last pass
/// over a graph, else beside it.
inline at::Tensor gradient_place(const at::Tensor& saved, const RowOwners& owners) {
  return owners.may_overwrite_saved() ? saved.detach() : empty_rows_like(saved);
}

inline std::string shape_text(const at::Tensor& x) {
  if (!x.defined()) return "undefined";
  std::string text = "[";
  for (std::int64_t d = 0; d < x.dim(); ++d) text += (d > 0 ? ", " : "") + std::to_string(x.size(d));
  return text + "]";
}

inline void check_shape(bool fits, const char* operation, const std::string& found) {
  if (!fits) throw ShapeError(std::string(operation) + ": shapes do not fit: " + found);
}

inline void check_owners(const RowOwners& owners, std::int64_t rows, const char* operation) {
  check_shape(owners.none() || owners.rows() == rows, operation,
              std::to_string(rows) + " rows, but owners of " + std::to_string(owners.none() ? 0 : owners.rows()) +
                  " (tokens and sequences mixed up?)");
}

}  // namespace infomtl::ops
