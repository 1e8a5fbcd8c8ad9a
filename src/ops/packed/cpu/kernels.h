#pragma once
// Loops over rows that ATen has no fused form of. Plain pointers, no torch: the same source is compiled once for each
// instruction set (baseline, AVX2, AVX-512) and the best one is chosen at run time.
//
// All matrices are row-major; `stride` is the distance of rows in elements.

#include <cstdint>

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

/// Which entries survive dropout, as a function of (seed, row, column). threshold 0 means that all do.
struct DropoutPattern {
  std::uint64_t seed = 0;
  std::uint32_t threshold = 0;  ///< an entry is dropped when its hash is below this: rate * 2^32
  double scale = 1.0;           ///< 1 / (1 - rate)
};

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
};

template <class T>
struct DropoutRows {
  std::int64_t rows, width;
  const T* x;  // null means ones: out is the mask itself
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

template <class T>
struct GramRows {
  std::int64_t rows, columns;
  const T* x;
  std::int64_t stride;
  double* sum;  // [rows, rows], x x^T is added to it
};

/// One set of loops for one scalar type.
template <class T>
struct Loops {
  void (*residual_norm)(const ResidualNorm<T>&);
  void (*residual_norm_gradient)(const ResidualNormGradient<T>&);
  void (*attention)(const Attention<T>&);
  void (*attention_gradient)(const AttentionGradient<T>&);
  void (*dropout)(const DropoutRows<T>&);
  void (*gelu)(const Gelu<T>&);
  void (*gram)(const GramRows<T>&);
};

/// The loops for this machine. T is float, double or BFloat16.
template <class T>
const Loops<T>& loops();

}  // namespace infomtl::ops::kernels
