// The loops themselves; included by one file for each instruction set, which says INFOMTL_VECTOR_BYTES and INFOMTL_ROWS
// (rows of the register block) and the namespace. Everything here is local to that file: nothing compiled for a newer
// instruction set may be merged with code that runs everywhere, so no standard templates are used.
#include <math.h>
#include <string.h>

#include "ops/kernels/kernels.h"

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

template <class T>
void dropout(const DropoutRows<T>& d) {
#pragma omp parallel
  {
    Scratch<T> scratch(d.width + 16);
    T* factors = scratch.take(d.width);
#pragma omp for schedule(static)
    for (std::int64_t r = 0; r < d.rows; ++r) {
      T* out = d.out + r * d.width;
      if (d.x == nullptr) {
        dropout_row(d.dropout, r, d.width, out);
        continue;
      }
      const T* x = d.x + r * d.width;
      dropout_row(d.dropout, r, d.width, factors);
#pragma omp simd
      for (std::int64_t j = 0; j < d.width; ++j) out[j] = x[j] * factors[j];
    }
  }
}

template <class T>
void residual_norm(const ResidualNorm<T>& n) {
  const std::int64_t width = n.width;
#pragma omp parallel
  {
    Scratch<T> scratch(2 * width + 32);
    T* factors = scratch.take(width);
#pragma omp for schedule(static)
    for (std::int64_t r = 0; r < n.rows; ++r) {
      const T* x = n.x + r * width;
      const T* s = x;
      T total = 0;
      if (n.sum != nullptr) {
        T* sum = n.sum + r * width;
        const T* residual = n.residual + r * width;
        if (n.dropout.threshold != 0) {
          dropout_row(n.dropout, r, width, factors);
#pragma omp simd reduction(+ : total)
          for (std::int64_t j = 0; j < width; ++j) total += sum[j] = residual[j] + x[j] * factors[j];
        } else {
#pragma omp simd reduction(+ : total)
          for (std::int64_t j = 0; j < width; ++j) total += sum[j] = residual[j] + x[j];
        }
        s = sum;
      } else {
#pragma omp simd reduction(+ : total)
        for (std::int64_t j = 0; j < width; ++j) total += s[j];
      }
      const T mean = total / static_cast<T>(width);
      T squares = 0;
#pragma omp simd reduction(+ : squares)
      for (std::int64_t j = 0; j < width; ++j) squares += (s[j] - mean) * (s[j] - mean);
      const T inverse =
          T(1) / static_cast<T>(sqrt(static_cast<double>(squares) / static_cast<double>(width) + n.epsilon));
      n.mean[r] = mean;
      n.inverse_deviation[r] = inverse;
      T* out = n.out + r * width;
      const T* weight = n.weight;
      const T* bias = n.bias;
#pragma omp simd
      for (std::int64_t j = 0; j < width; ++j) out[j] = (s[j] - mean) * inverse * weight[j] + bias[j];
    }
  }
}

template <class T>
void residual_norm_gradient(const ResidualNormGradient<T>& n) {
  const std::int64_t width = n.width;
#pragma omp parallel
  {
    Scratch<T> scratch(4 * width + 64);
    T* factors = scratch.take(width);
    T* weight_part = scratch.take(width);
    T* bias_part = scratch.take(width);
    memset(weight_part, 0, static_cast<std::size_t>(2 * width) * sizeof(T));
#pragma omp for schedule(static) nowait
    for (std::int64_t r = 0; r < n.rows; ++r) {
      const T* gradient = n.gradient + r * width;
      const T* s = n.sum + r * width;
      const T* weight = n.weight;
      const T mean = n.mean[r], inverse = n.inverse_deviation[r];
      T total = 0, along = 0;
#pragma omp simd reduction(+ : total, along)
      for (std::int64_t j = 0; j < width; ++j) {
        const T normed = (s[j] - mean) * inverse;
        const T g = gradient[j] * weight[j];
        total += g;
        along += g * normed;
        weight_part[j] += gradient[j] * normed;
        bias_part[j] += gradient[j];
      }
      total /= static_cast<T>(width);
      along /= static_cast<T>(width);
      T* out = n.sum_gradient + r * width;
      if (n.x_gradient != nullptr) {
        T* x_gradient = n.x_gradient + r * width;
        dropout_row(n.dropout, n.first_row + r, width, factors);
#pragma omp simd
        for (std::int64_t j = 0; j < width; ++j) {
          const T normed = (s[j] - mean) * inverse;
          const T g = inverse * (gradient[j] * weight[j] - total - normed * along);
          out[j] = g;
          x_gradient[j] = g * factors[j];
        }
      } else {
#pragma omp simd
        for (std::int64_t j = 0; j < width; ++j) {
          const T normed = (s[j] - mean) * inverse;
          out[j] = inverse * (gradient[j] * weight[j] - total - normed * along);
        }
      }
    }
    // Threads add in their order, so that a number of threads gives one result.
#pragma omp for schedule(static) ordered
    for (int t = 0; t < omp_get_num_threads(); ++t) {
#pragma omp ordered
      for (std::int64_t j = 0; j < width; ++j) {
        n.weight_gradient[j] += weight_part[j];
        n.bias_gradient[j] += bias_part[j];
      }
    }
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

// Row of scores -> probabilities softmax(scale * row); entries from `width` to `end` become 0.
template <class T>
INFOMTL_INLINE void softmax_row(T* row, std::int64_t width, std::int64_t end, T scale) {
  T greatest = row[0];
#pragma omp simd reduction(max : greatest)
  for (std::int64_t j = 0; j < width; ++j) greatest = row[j] > greatest ? row[j] : greatest;
  T total = 0;
#pragma omp simd reduction(+ : total)
  for (std::int64_t j = 0; j < width; ++j) {
    row[j] = exponential((row[j] - greatest) * scale);
    total += row[j];
  }
  const T inverse = T(1) / total;
#pragma omp simd
  for (std::int64_t j = 0; j < width; ++j) row[j] *= inverse;
  for (std::int64_t j = width; j < end; ++j) row[j] = 0;
}

// Queries whose scores are held at once.
constexpr std::int64_t kQueryBlock = 64;

// out[d][j] = in[j][d]; columns from rows to row_end are zero.
template <class T>
INFOMTL_INLINE void transpose(const T* in, std::int64_t stride, std::int64_t rows, std::int64_t row_end,
                              std::int64_t width, T* out) {
  for (std::int64_t j = 0; j < rows; ++j) {
    const T* from = in + j * stride;
    for (std::int64_t d = 0; d < width; ++d) out[d * row_end + j] = from[d];
  }
  for (std::int64_t d = 0; d < width; ++d) {
    for (std::int64_t j = rows; j < row_end; ++j) out[d * row_end + j] = 0;
  }
}

// A matrix whose rows can be read in whole vectors: the given one, or a copy padded with zeros.
template <class T>
struct Rows {
  const T* data;
  std::int64_t stride;
};
template <class T>
INFOMTL_INLINE Rows<T> whole_vectors(const T* in, std::int64_t stride, std::int64_t rows, std::int64_t width, T* copy) {
  const std::int64_t wide = padded<T>(width);
  if (wide == width) return {in, stride};
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t d = 0; d < wide; ++d) copy[i * wide + d] = d < width ? in[i * stride + d] : T(0);
  }
  return {copy, wide};
}
template <class T>
INFOMTL_INLINE void copy_rows(const T* in, std::int64_t in_stride, std::int64_t rows, std::int64_t width, T* out,
                              std::int64_t out_stride) {
  for (std::int64_t i = 0; i < rows; ++i) {
    memcpy(out + i * out_stride, in + i * in_stride, static_cast<std::size_t>(width) * sizeof(T));
  }
}

template <class T>
INFOMTL_INLINE std::int64_t longest(const Attention<T>& a) {
  std::int64_t length = 0;
  for (std::int64_t s = 0; s < a.sequences; ++s) {
    const std::int64_t own = a.key_offsets[s + 1] - a.key_offsets[s];
    length = own > length ? own : length;
  }
  return length;
}

template <class T>
void attention(const Attention<T>& a) {
  const std::int64_t width = a.head_width, wide = padded<T>(width);
  const std::int64_t most = padded<T>(longest(a));
  const std::int64_t out_stride = a.heads * width;
  const T scale = static_cast<T>(1.0 / sqrt(static_cast<double>(width)));
#pragma omp parallel
  {
    Scratch<T> scratch(most * wide * 2 + kQueryBlock * (most + wide) + most);
    T* keys = scratch.take(most * wide);
    T* value_copy = scratch.take(most * wide);
    T* scores = scratch.take(kQueryBlock * most);
    T* outputs = scratch.take(kQueryBlock * wide);
    T* factors = scratch.take(most);
#pragma omp for schedule(dynamic, 4)
    for (std::int64_t job = 0; job < a.sequences * a.heads; ++job) {
      const std::int64_t s = job / a.heads, h = job % a.heads;
      const std::int64_t first_key = a.key_offsets[s], length = a.key_offsets[s + 1] - first_key;
      if (length == 0) continue;
      const std::int64_t end = padded<T>(length);
      const std::int64_t first_query = a.first_token ? s : first_key, queries = a.first_token ? 1 : length;
      transpose(a.key + first_key * a.key_stride + h * width, a.key_stride, length, end, width, keys);
      const Rows<T> values =
          whole_vectors(a.value + first_key * a.key_stride + h * width, a.key_stride, length, width, value_copy);
      for (std::int64_t i = 0; i < queries; i += kQueryBlock) {
        const std::int64_t block = queries - i < kQueryBlock ? queries - i : kQueryBlock;
        const T* query = a.query + (first_query + i) * a.query_stride + h * width;
        product<T, false>(block, end, width, query, a.query_stride, 1, keys, end, scores, end);
        for (std::int64_t r = 0; r < block; ++r) {
          T* row = scores + r * end;
          softmax_row(row, length, end, scale);
          if (a.dropout.threshold == 0) continue;
          dropout_row(a.dropout, (first_key + i + r) * a.heads + h, length, factors);
#pragma omp simd
          for (std::int64_t j = 0; j < length; ++j) row[j] *= factors[j];
        }
        T* out = a.out + (first_query + i) * out_stride + h * width;
        if (wide == width) {
          product<T, false>(block, wide, length, scores, end, 1, values.data, values.stride, out, out_stride);
        } else {
          product<T, false>(block, wide, length, scores, end, 1, values.data, values.stride, outputs, wide);
          copy_rows(outputs, wide, block, width, out, out_stride);
        }
      }
    }
  }
}

template <class T>
void attention_gradient(const AttentionGradient<T>& g) {
  const Attention<T>& a = g.forward;
  const std::int64_t width = a.head_width, wide = padded<T>(width);
  const std::int64_t most = padded<T>(longest(a));
  const std::int64_t out_stride = a.heads * width;
  const T scale = static_cast<T>(1.0 / sqrt(static_cast<double>(width)));
#pragma omp parallel
  {
    Scratch<T> scratch(most * wide * 5 + kQueryBlock * (2 * most + 3 * wide) + most);
    T* keys = scratch.take(most * wide);
    T* values = scratch.take(most * wide);
    T* key_copy = scratch.take(most * wide);
    T* key_sums = scratch.take(most * wide);
    T* value_sums = scratch.take(most * wide);
    T* scores = scratch.take(kQueryBlock * most);
    T* score_gradient = scratch.take(kQueryBlock * most);
    T* query_copy = scratch.take(kQueryBlock * wide);
    T* gradient_copy = scratch.take(kQueryBlock * wide);
    T* query_sums = scratch.take(kQueryBlock * wide);
    T* factors = scratch.take(most);
#pragma omp for schedule(dynamic, 4)
    for (std::int64_t job = 0; job < a.sequences * a.heads; ++job) {
      const std::int64_t s = job / a.heads, h = job % a.heads;
      const std::int64_t first_key = a.key_offsets[s], length = a.key_offsets[s + 1] - first_key;
      if (length == 0) continue;
      const std::int64_t end = padded<T>(length);
      const std::int64_t first_query = a.first_token ? s : first_key, queries = a.first_token ? 1 : length;
      const T* key = a.key + first_key * a.key_stride + h * width;
      transpose(key, a.key_stride, length, end, width, keys);
      transpose(a.value + first_key * a.key_stride + h * width, a.key_stride, length, end, width, values);
      const Rows<T> key_rows = whole_vectors(key, a.key_stride, length, width, key_copy);
      memset(key_sums, 0, static_cast<std::size_t>(length * wide) * sizeof(T));
      memset(value_sums, 0, static_cast<std::size_t>(length * wide) * sizeof(T));
      for (std::int64_t i = 0; i < queries; i += kQueryBlock) {
        const std::int64_t block = queries - i < kQueryBlock ? queries - i : kQueryBlock;
        const T* query = a.query + (first_query + i) * a.query_stride + h * width;
        const T* gradient = g.gradient + (first_query + i) * out_stride + h * width;
        product<T, false>(block, end, width, query, a.query_stride, 1, keys, end, scores, end);
        product<T, false>(block, end, width, gradient, out_stride, 1, values, end, score_gradient, end);
        for (std::int64_t r = 0; r < block; ++r) {
          T* p = scores + r * end;
          T* d = score_gradient + r * end;
          softmax_row(p, length, end, scale);
          T along = 0;
          if (a.dropout.threshold != 0) {
            dropout_row(a.dropout, (first_key + i + r) * a.heads + h, length, factors);
#pragma omp simd reduction(+ : along)
            for (std::int64_t j = 0; j < length; ++j) {
              d[j] *= factors[j];
              along += p[j] * d[j];
            }
#pragma omp simd
            for (std::int64_t j = 0; j < length; ++j) {
              d[j] = p[j] * (d[j] - along) * scale;
              p[j] *= factors[j];
            }
          } else {
#pragma omp simd reduction(+ : along)
            for (std::int64_t j = 0; j < length; ++j) along += p[j] * d[j];
#pragma omp simd
            for (std::int64_t j = 0; j < length; ++j) d[j] = p[j] * (d[j] - along) * scale;
          }
        }
        const Rows<T> gradients = whole_vectors(gradient, out_stride, block, width, gradient_copy);
        const Rows<T> query_rows = whole_vectors(query, a.query_stride, block, width, query_copy);
        product<T, true>(length, wide, block, scores, 1, end, gradients.data, gradients.stride, value_sums, wide);
        product<T, true>(length, wide, block, score_gradient, 1, end, query_rows.data, query_rows.stride, key_sums,
                         wide);
        T* query_gradient = g.query_gradient + (first_query + i) * g.query_gradient_stride + h * width;
        product<T, false>(block, wide, length, score_gradient, end, 1, key_rows.data, key_rows.stride, query_sums,
                          wide);
        copy_rows(query_sums, wide, block, width, query_gradient, g.query_gradient_stride);
      }
      copy_rows(key_sums, wide, length, width, g.key_gradient + first_key * g.key_gradient_stride + h * width,
                g.key_gradient_stride);
      copy_rows(value_sums, wide, length, width, g.value_gradient + first_key * g.key_gradient_stride + h * width,
                g.key_gradient_stride);
    }
  }
}

#include "ops/kernels/gram_loops.h"

template <class T>
constexpr Loops<T> kLoops = {
    residual_norm<T>, residual_norm_gradient<T>, attention<T>, attention_gradient<T>, dropout<T>, gram<T>};

}  // namespace
}  // namespace infomtl::ops::kernels
