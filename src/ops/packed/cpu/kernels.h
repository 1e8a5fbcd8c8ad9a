#pragma once
// Loops over rows that ATen has no fused form of. Plain pointers, no torch: the same source is compiled once for each
// instruction set (baseline, AVX2, AVX-512) and the best one is chosen at run time.

#include <cstdint>

#include "ops/packed/kernel_arguments.h"

namespace infomtl::ops::kernels {

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
