#pragma once
// The memory of tensors as loops and kernels see it, and what they are told of the tensors of an operation.

#include <ATen/ATen.h>

#include <type_traits>

#include "ops/packed/backend.h"
#include "ops/packed/kernel_arguments.h"
#include "ops/packed/products.h"

namespace infomtl::ops {

template <class T>
const T* read_data(const at::Tensor& x) {
  if constexpr (std::is_same_v<T, kernels::BFloat16>) {
    return reinterpret_cast<const T*>(x.const_data_ptr<at::BFloat16>());
  } else {
    return x.const_data_ptr<T>();
  }
}
template <class T>
T* write_data(const at::Tensor& x) {
  if constexpr (std::is_same_v<T, kernels::BFloat16>) {
    return reinterpret_cast<T*>(x.mutable_data_ptr<at::BFloat16>());
  } else {
    return x.mutable_data_ptr<T>();
  }
}

inline std::int64_t width_of(const AttentionInput& in) {
  return in.first_token() ? in.query.size(1) : in.kv.size(1) / 3;
}

/// @param offsets [S+1], where the kernel runs; the result has no place to write to yet
template <class T>
kernels::Attention<T> attention_arguments(const AttentionInput& in, const at::Tensor& offsets) {
  const std::int64_t width = width_of(in);
  const T* keys = read_data<T>(in.kv) + (in.first_token() ? 0 : width);
  return {.sequences = offsets.size(0) - 1,
          .heads = in.heads,
          .head_width = width / in.heads,
          .key_offsets = offsets.const_data_ptr<std::int32_t>(),
          .first_token = in.first_token(),
          .query = in.first_token() ? read_data<T>(in.query) : read_data<T>(in.kv),
          .query_stride = in.first_token() ? in.query.size(1) : in.kv.size(1),
          .key = keys,
          .value = keys + width,
          .key_stride = in.kv.size(1),
          .dropout = in.pattern,
          .bias = in.bias.defined() ? read_data<kernels::Compute<T>>(in.bias) : nullptr,
          .bias_stride = in.bias.defined() ? in.bias.size(1) : 0,
          .out = nullptr};
}

template <class T>
kernels::AttentionGradient<T> attention_gradient_arguments(const kernels::Attention<T>& forward,
                                                           const at::Tensor& gradient,
                                                           const AttentionGradients& places) {
  const std::int64_t width = forward.heads * forward.head_width;
  T* keys = write_data<T>(places.kv) + (forward.first_token ? 0 : width);
  return {.forward = forward,
          .gradient = read_data<T>(gradient),
          .query_gradient = forward.first_token ? write_data<T>(places.query) : write_data<T>(places.kv),
          .query_gradient_stride = forward.query_stride,
          .key_gradient = keys,
          .value_gradient = keys + width,
          .key_gradient_stride = forward.key_stride,
          .bias_gradient = places.bias.defined() ? write_data<kernels::Compute<T>>(places.bias) : nullptr};
}

/// Room for what a layer norm writes.
inline Normed empty_normed(const NormInput& in) {
  Normed n;
  n.out = empty_rows_like(in.x);
  n.sum = in.residual.defined() ? empty_rows_like(in.x) : in.x;
  n.mean = at::empty({in.x.size(0)}, in.weight.options());
  n.inverse_deviation = at::empty({in.x.size(0)}, in.weight.options());
  return n;
}

template <class T>
kernels::ResidualNorm<T> norm_arguments(const NormInput& in, const Normed& n) {
  using kernels::Compute;
  const bool residual = in.residual.defined();
  return {.rows = in.x.size(0),
          .width = in.x.size(1),
          .x = read_data<T>(in.x),
          .residual = residual ? read_data<T>(in.residual) : nullptr,
          .dropout = in.pattern,
          .weight = read_data<Compute<T>>(in.weight),
          .bias = read_data<Compute<T>>(in.bias),
          .epsilon = in.epsilon,
          .sum = residual ? write_data<T>(n.sum) : nullptr,
          .mean = write_data<Compute<T>>(n.mean),
          .inverse_deviation = write_data<Compute<T>>(n.inverse_deviation),
          .out = write_data<T>(n.out)};
}

template <class T>
kernels::ResidualNormGradient<T> norm_gradient_arguments(const at::Tensor& gradient, const Normed& n,
                                                         const at::Tensor& weight, const DropoutPattern& pattern,
                                                         RowRange range, const NormGradients& places) {
  using kernels::Compute;
  const std::int64_t width = gradient.size(1), begin = range.begin, shift = begin * width;
  return {.rows = range.end - begin,
          .width = width,
          .gradient = read_data<T>(gradient) + shift,
          .sum = read_data<T>(n.sum) + shift,
          .mean = read_data<Compute<T>>(n.mean) + begin,
          .inverse_deviation = read_data<Compute<T>>(n.inverse_deviation) + begin,
          .weight = read_data<Compute<T>>(weight),
          .dropout = pattern,
          .first_row = begin,
          .sum_gradient = write_data<T>(places.sum) + shift,
          .x_gradient = pattern.drops() ? write_data<T>(places.x) + shift : nullptr,
          .weight_gradient = write_data<Compute<T>>(places.weight),
          .bias_gradient = write_data<Compute<T>>(places.bias)};
}

/// Of x as a matrix of x.size(-1) columns.
template <class T>
kernels::DropoutRows<T> dropout_arguments(const at::Tensor& x, const DropoutPattern& pattern, const at::Tensor& out) {
  const std::int64_t width = x.dim() == 0 ? 1 : x.size(-1);
  return {.rows = width == 0 ? 0 : x.numel() / width,
          .width = width,
          .x = read_data<T>(x),
          .dropout = pattern,
          .out = write_data<T>(out)};
}

/// @param gradient  undefined: of the function itself
template <class T>
kernels::Gelu<T> gelu_arguments(const at::Tensor& x, const at::Tensor& gradient, const at::Tensor& out) {
  return {.count = x.numel(),
          .x = read_data<T>(x),
          .gradient = gradient.defined() ? read_data<T>(gradient) : nullptr,
          .out = write_data<T>(out)};
}

}  // namespace infomtl::ops
