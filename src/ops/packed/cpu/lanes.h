// What the loops are made of: vectors, work space, rows of each storage type, rows of a random mask, products.
// Included by loops.h; see there for what the including file says beforehand.
#pragma once

#include <math.h>
#include <string.h>

#include "ops/packed/cpu/kernels.h"
#include "ops/packed/elements.h"

namespace infomtl::ops::kernels {
namespace {

template <class T>
struct Lanes;
template <>
struct Lanes<float> {
  typedef float Vector __attribute__((vector_size(INFOMTL_VECTOR_BYTES)));
  typedef float Memory __attribute__((vector_size(INFOMTL_VECTOR_BYTES), aligned(4), may_alias));
};
template <>
struct Lanes<double> {
  typedef double Vector __attribute__((vector_size(INFOMTL_VECTOR_BYTES)));
  typedef double Memory __attribute__((vector_size(INFOMTL_VECTOR_BYTES), aligned(8), may_alias));
};
template <class T>
constexpr std::int64_t kLanes = INFOMTL_VECTOR_BYTES / sizeof(T);
template <class T>
INFOMTL_INLINE std::int64_t padded(std::int64_t n) {
  return (n + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
}

// Work space of one thread, aligned to a cache line.
template <class T>
class Scratch {
 public:
  explicit Scratch(std::int64_t size) : base_(new char[static_cast<std::size_t>(size) * sizeof(T) + 64]) {
    const auto address = reinterpret_cast<std::uintptr_t>(base_);
    next_ = reinterpret_cast<T*>((address + 63) & ~std::uintptr_t{63});
  }
  ~Scratch() { delete[] base_; }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* take(std::int64_t size) {
    T* taken = next_;
    next_ += size;
    return taken;
  }

 private:
  char* base_;
  T* next_;
};

// Rows of numbers as they are computed with. A float or double row is used where it lies; a bfloat16 row is widened
// into `copy`, and narrowed from it.
template <class T>
INFOMTL_INLINE const T* readable(const T* row, std::int64_t /*width*/, T* /*copy*/) {
  return row;
}
INFOMTL_INLINE const float* readable(const BFloat16* row, std::int64_t width, float* copy) {
#pragma omp simd
  for (std::int64_t j = 0; j < width; ++j) copy[j] = widened(row[j]);
  return copy;
}
// Where results for `row` are written before finish() puts them there.
template <class T>
INFOMTL_INLINE T* writable(T* row, T* /*copy*/) {
  return row;
}
INFOMTL_INLINE float* writable(BFloat16* /*row*/, float* copy) { return copy; }
template <class T>
INFOMTL_INLINE void finish(const T* /*written*/, std::int64_t /*width*/, T* /*row*/) {}
INFOMTL_INLINE void finish(const float* written, std::int64_t width, BFloat16* row) {
#pragma omp simd
  for (std::int64_t j = 0; j < width; ++j) row[j] = narrowed(written[j]);
}

// Factors 0 or scale of one row.
template <class T>
INFOMTL_INLINE void dropout_row(const DropoutPattern& pattern, std::int64_t row, std::int64_t width, T* factors) {
  const RowKey key = row_key(pattern, row);
  const std::uint32_t threshold = pattern.threshold;
  const T scale = static_cast<T>(pattern.scale);
#pragma omp simd
  for (std::int64_t j = 0; j < width; ++j) {
    factors[j] = dropout_factor(key, static_cast<std::uint32_t>(j), threshold, scale);
  }
}

// c (+)= a b over rows x columns, columns a multiple of the lanes; a's entry (i, k) is a[i * a_row + k * a_column].
template <class T, int kRows, int kVectors, bool kAdd>
INFOMTL_INLINE void product_block(std::int64_t depth, const T* a, std::int64_t a_row, std::int64_t a_column, const T* b,
                                  std::int64_t b_row, T* c, std::int64_t c_row) {
  using Vector = typename Lanes<T>::Vector;
  using Memory = typename Lanes<T>::Memory;
  Vector sums[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      if constexpr (kAdd) {
        sums[r][v] = *reinterpret_cast<const Memory*>(c + r * c_row + v * kLanes<T>);
      } else {
        sums[r][v] = Vector{};
      }
    }
  }
  for (std::int64_t k = 0; k < depth; ++k) {
    Vector columns[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) columns[v] = *reinterpret_cast<const Memory*>(b + k * b_row + v * kLanes<T>);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const T factor = a[r * a_row + k * a_column];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) sums[r][v] += factor * columns[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) *reinterpret_cast<Memory*>(c + r * c_row + v * kLanes<T>) = sums[r][v];
  }
}

template <class T, int kVectors, bool kAdd>
INFOMTL_INLINE void product_columns(std::int64_t rows, std::int64_t depth, const T* a, std::int64_t a_row,
                                    std::int64_t a_column, const T* b, std::int64_t b_row, T* c, std::int64_t c_row) {
  std::int64_t i = 0;
  for (; i + INFOMTL_ROWS <= rows; i += INFOMTL_ROWS) {
    product_block<T, INFOMTL_ROWS, kVectors, kAdd>(depth, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row,
                                                   c_row);
  }
  for (; i + 3 <= rows; i += 3) {
    product_block<T, 3, kVectors, kAdd>(depth, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row);
  }
  for (; i < rows; ++i) {
    product_block<T, 1, kVectors, kAdd>(depth, a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row);
  }
}

template <class T, bool kAdd>
void product(std::int64_t rows, std::int64_t columns, std::int64_t depth, const T* a, std::int64_t a_row,
             std::int64_t a_column, const T* b, std::int64_t b_row, T* c, std::int64_t c_row) {
  std::int64_t j = 0;
  for (; j + 2 * kLanes<T> <= columns; j += 2 * kLanes<T>) {
    product_columns<T, 2, kAdd>(rows, depth, a, a_row, a_column, b + j, b_row, c + j, c_row);
  }
  for (; j < columns; j += kLanes<T>) {
    product_columns<T, 1, kAdd>(rows, depth, a, a_row, a_column, b + j, b_row, c + j, c_row);
  }
}

}  // namespace
}  // namespace infomtl::ops::kernels
