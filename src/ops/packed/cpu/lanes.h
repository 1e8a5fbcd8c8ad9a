// What the loops are made of: vectors, work space, storage types, random masks, products, the exponential function.
// Included by loops.h; see there for what the including file says beforehand.
#pragma once

#include <math.h>
#include <string.h>

#include "ops/packed/cpu/kernels.h"

#define INFOMTL_INLINE inline __attribute__((always_inline))

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
// into `copy`, and narrowed (to the nearest, ties to even; a NaN stays one) from it.
template <class T>
INFOMTL_INLINE T widened(T x) {
  return x;
}
INFOMTL_INLINE float widened(BFloat16 x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x.bits) << 16;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}
INFOMTL_INLINE BFloat16 narrowed(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
  return {static_cast<std::uint16_t>(x == x ? rounded : 0x7fc0U)};
}

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

INFOMTL_INLINE std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// Factors 0 or scale of one row.
template <class T>
INFOMTL_INLINE void dropout_row(const DropoutPattern& pattern, std::int64_t row, std::int64_t width, T* factors) {
  const std::uint64_t key = mix(pattern.seed + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(row));
  const auto first = static_cast<std::uint32_t>(key);
  const auto second = static_cast<std::uint32_t>(key >> 32);
  const std::uint32_t threshold = pattern.threshold;
  const T scale = static_cast<T>(pattern.scale);
#pragma omp simd
  for (std::int64_t j = 0; j < width; ++j) {
    std::uint32_t h = static_cast<std::uint32_t>(j) * 0x9e3779b9U + first;
    h ^= h >> 16;
    h *= 0x21f0aaadU;
    h ^= h >> 15;
    h += second;
    h *= 0x735a2d97U;
    h ^= h >> 15;
    factors[j] = h < threshold ? T(0) : scale;
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

// e^x for x <= 0: Cody-Waite reduction by ln 2 and a polynomial, about 1 unit in the last place.
INFOMTL_INLINE float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  const float rounded = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
  const float r = (x - rounded * 0.693145752f) - rounded * 1.42860677e-6f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const std::int32_t bits = (static_cast<std::int32_t>(rounded) + 127) << 23;
  float power;
  __builtin_memcpy(&power, &bits, sizeof power);
  return p * power;
}
INFOMTL_INLINE double exponential(double x) { return exp(x); }

}  // namespace
}  // namespace infomtl::ops::kernels
