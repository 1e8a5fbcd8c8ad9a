// The Gram loop: products of a few long rows with one another.
#pragma once

#include <string.h>

#include "ops/packed/cpu/kernels.h"
#include "ops/packed/cpu/lanes.h"

namespace infomtl::ops::kernels {
namespace {

// Columns are cut at fixed places and the sums of the pieces added in order, so the result does not depend on the
// number of threads.
constexpr std::int64_t kGramPiece = 1 << 15;
constexpr std::int64_t kGramBlock = 512;  // columns that are widened to double at a time
constexpr std::int64_t kGramRows = 4;     // products of one row with so many others at a time

// Row `row` of a block with rows row .. row + 3 of it are added up to `length` columns, a multiple of the lanes.
INFOMTL_INLINE void add_products(const double* one, const double* others, std::int64_t length, double* sums) {
  typedef Lanes<double>::Vector Vector;
  typedef Lanes<double>::Memory Memory;
  Vector products[kGramRows] = {};
  for (std::int64_t c = 0; c < length; c += kLanes<double>) {
    const Vector x = *reinterpret_cast<const Memory*>(one + c);
    for (std::int64_t r = 0; r < kGramRows; ++r) {
      products[r] += x * *reinterpret_cast<const Memory*>(others + r * kGramBlock + c);
    }
  }
  for (std::int64_t r = 0; r < kGramRows; ++r) {
    for (std::int64_t lane = 0; lane < kLanes<double>; ++lane) sums[r] += products[r][lane];
  }
}

template <class T>
void gram(const GramRows<T>& g) {
  const std::int64_t pieces = (g.columns + kGramPiece - 1) / kGramPiece;
  const std::int64_t height = (g.rows + kGramRows - 1) / kGramRows * kGramRows;
  Scratch<double> scratch(pieces * g.rows * height + 8);
  double* const sums = scratch.take(pieces * g.rows * height);
#pragma omp parallel
  {
    Scratch<double> own(height * kGramBlock + 8);
    double* const block = own.take(height * kGramBlock);
    memset(block, 0, static_cast<std::size_t>(height * kGramBlock) * sizeof(double));
#pragma omp for schedule(static)
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      double* const sum = sums + piece * g.rows * height;
      memset(sum, 0, static_cast<std::size_t>(g.rows * height) * sizeof(double));
      const std::int64_t last = (piece + 1) * kGramPiece < g.columns ? (piece + 1) * kGramPiece : g.columns;
      for (std::int64_t begin = piece * kGramPiece; begin < last; begin += kGramBlock) {
        const std::int64_t length = last - begin < kGramBlock ? last - begin : kGramBlock;
        const std::int64_t whole = padded<double>(length);
        for (std::int64_t i = 0; i < g.rows; ++i) {
          const T* const x = g.x + i * g.stride + begin;
          double* const wide = block + i * kGramBlock;
#pragma omp simd
          for (std::int64_t c = 0; c < length; ++c) wide[c] = static_cast<double>(widened(x[c]));
          for (std::int64_t c = length; c < whole; ++c) wide[c] = 0;
        }
        for (std::int64_t i = 0; i < g.rows; ++i) {
          for (std::int64_t j = 0; j <= i; j += kGramRows) {
            add_products(block + i * kGramBlock, block + j * kGramBlock, whole, sum + i * height + j);
          }
        }
      }
    }
  }
  for (std::int64_t i = 0; i < g.rows; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      double total = 0;
      for (std::int64_t piece = 0; piece < pieces; ++piece) total += sums[(piece * g.rows + i) * height + j];
      g.sum[i * g.rows + j] += total;
      if (i != j) g.sum[j * g.rows + i] += total;
    }
  }
}

}  // namespace
}  // namespace infomtl::ops::kernels
