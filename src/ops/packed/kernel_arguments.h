#pragma once
// What a kernel is told: sizes, strides and plain pointers, the same for the CPU's loops and for device code. No torch.
//
// All matrices are row-major; `stride` is the distance of rows in elements. Pointers are to memory of the kernel's
// device, offsets included.

#include <cstdint>

#include "infomtl/ops/packed/dropout_pattern.h"

namespace infomtl::ops::kernels {

/// A bfloat16 number as it lies in memory: the upper half of a float.
struct BFloat16 {
  std::uint16_t bits;
};

/// The type that numbers stored as T are computed with.
template <class T>
struct ComputeType {
  using Type = T;
};
template <>
struct ComputeType<BFloat16> {
  using Type = float;
};
template <class T>
using Compute = typename ComputeType<T>::Type;

template <class T>
struct ResidualNorm {
  std::int64_t rows, width;
  const T* x;         // [rows, width]
  const T* residual;  // [rows, width] or null
  DropoutPattern dropout;
  const Compute<T>* weight;  // [width]
  const Compute<T>* bias;    // [width]
  double epsilon;
  T* sum;            // [rows, width] residual + dropout(x); may be null when there is no residual (then x serves)
  Compute<T>* mean;  // [rows]
  Compute<T>* inverse_deviation;  // [rows]
  T* out;                         // [rows, width]
};

template <class T>
struct ResidualNormGradient {
  std::int64_t rows, width;
  const T* gradient;  // [rows, width] with respect to out
  const T* sum;
  const Compute<T>* mean;
  const Compute<T>* inverse_deviation;
  const Compute<T>* weight;
  DropoutPattern dropout;
  std::int64_t first_row;       // of these rows within the matrix the dropout pattern was laid over
  T* sum_gradient;              // [rows, width], also the residual's
  T* x_gradient;                // [rows, width] or null when there was no dropout
  Compute<T>* weight_gradient;  // [width], added to
  Compute<T>* bias_gradient;    // [width], added to
};

template <class T>
struct Attention {
  std::int64_t sequences, heads, head_width;
  const std::int32_t* key_offsets;  // [sequences + 1]
  bool first_token;                 // one query per sequence (row s) instead of one per token
  const T* query;
  std::int64_t query_stride;
  const T* key;
  const T* value;
  std::int64_t key_stride;  // of values too
  DropoutPattern dropout;
  /// Added to the scaled scores; null: nothing. Head h, sequence s and distance d = key - query have theirs at
  /// [h * bias_stride + 2 * key_offsets[s] + d + length_s - 1].
  const Compute<T>* bias;
  std::int64_t bias_stride;
  T* out;  // [queries, heads * head_width]
};

template <class T>
struct AttentionGradient {
  Attention<T> forward;  // out is unused
  const T* gradient;     // [queries, heads * head_width]
  T* query_gradient;     // strides as the inputs
  std::int64_t query_gradient_stride;
  T* key_gradient;
  T* value_gradient;
  std::int64_t key_gradient_stride;
  Compute<T>* bias_gradient;  // laid out as forward.bias, every entry is written; null without bias
};

template <class T>
struct DropoutRows {
  std::int64_t rows, width;
  const T* x;
  DropoutPattern dropout;
  T* out;
};

/// x Phi(x), elementwise, and its derivative times a gradient; Phi is the normal distribution function.
template <class T>
struct Gelu {
  std::int64_t count;
  const T* x;
  const T* gradient;  // null: out is x Phi(x); else gradient * (Phi(x) + x phi(x))
  T* out;
};

}  // namespace infomtl::ops::kernels
