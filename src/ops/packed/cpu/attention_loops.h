// Attention over packed sequences, forward and backward. Included by loops.h.
#pragma once

#include "ops/packed/cpu/lanes.h"

namespace infomtl::ops::kernels {
namespace {

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

// scores -> scale * scores + bias.
template <class T>
INFOMTL_INLINE void add_bias(T* row, const T* bias, std::int64_t width, T scale) {
#pragma omp simd
  for (std::int64_t j = 0; j < width; ++j) row[j] = row[j] * scale + bias[j];
}
// Where the biases of one sequence and head begin for its query i: entry j is that of key j.
template <class T>
INFOMTL_INLINE std::int64_t bias_place(const Attention<T>& a, std::int64_t head, std::int64_t first_key,
                                       std::int64_t length, std::int64_t i) {
  return head * a.bias_stride + 2 * first_key + length - 1 - i;
}

// Queries whose scores are held at once.
constexpr std::int64_t kQueryBlock = 64;

// out[d][j] = in[j][d]; columns from rows to row_end are zero.
template <class T>
INFOMTL_INLINE void transpose(const T* in, std::int64_t stride, std::int64_t rows, std::int64_t row_end,
                              std::int64_t width, Compute<T>* out) {
  for (std::int64_t j = 0; j < rows; ++j) {
    const T* from = in + j * stride;
    for (std::int64_t d = 0; d < width; ++d) out[d * row_end + j] = widened(from[d]);
  }
  for (std::int64_t d = 0; d < width; ++d) {
    for (std::int64_t j = rows; j < row_end; ++j) out[d * row_end + j] = 0;
  }
}

// A matrix whose rows can be read in whole vectors of computing type: the given one, or a copy padded with zeros.
template <class C>
struct Rows {
  const C* data;
  std::int64_t stride;
};
template <class T>
INFOMTL_INLINE Rows<Compute<T>> whole_vectors(const T* in, std::int64_t stride, std::int64_t rows, std::int64_t width,
                                              Compute<T>* copy) {
  const std::int64_t wide = padded<Compute<T>>(width);
  if constexpr (sizeof(T) == sizeof(Compute<T>)) {
    if (wide == width) return {in, stride};
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    Compute<T>* to = copy + i * wide;
    const T* from = in + i * stride;
#pragma omp simd
    for (std::int64_t d = 0; d < width; ++d) to[d] = widened(from[d]);
    for (std::int64_t d = width; d < wide; ++d) to[d] = 0;
  }
  return {copy, wide};
}
INFOMTL_INLINE void put_rows(const float* in, std::int64_t in_stride, std::int64_t rows, std::int64_t width,
                             BFloat16* out, std::int64_t out_stride) {
  for (std::int64_t i = 0; i < rows; ++i) finish(in + i * in_stride, width, out + i * out_stride);
}
template <class T>
INFOMTL_INLINE void put_rows(const T* in, std::int64_t in_stride, std::int64_t rows, std::int64_t width, T* out,
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
  using C = Compute<T>;
  const std::int64_t width = a.head_width, wide = padded<C>(width);
  const std::int64_t most = padded<C>(longest(a));
  const std::int64_t out_stride = a.heads * width;
  const C scale = static_cast<C>(1.0 / sqrt(static_cast<double>(width)));
#pragma omp parallel
  {
    Scratch<C> scratch(most * wide * 2 + kQueryBlock * (most + 2 * wide) + most);
    C* keys = scratch.take(most * wide);
    C* value_copy = scratch.take(most * wide);
    C* scores = scratch.take(kQueryBlock * most);
    C* query_copy = scratch.take(kQueryBlock * wide);
    C* outputs = scratch.take(kQueryBlock * wide);
    C* factors = scratch.take(most);
#pragma omp for schedule(dynamic, 4)
    for (std::int64_t job = 0; job < a.sequences * a.heads; ++job) {
      const std::int64_t s = job / a.heads, h = job % a.heads;
      const std::int64_t first_key = a.key_offsets[s], length = a.key_offsets[s + 1] - first_key;
      if (length == 0) continue;
      const std::int64_t end = padded<C>(length);
      const std::int64_t first_query = a.first_token ? s : first_key, queries = a.first_token ? 1 : length;
      transpose(a.key + first_key * a.key_stride + h * width, a.key_stride, length, end, width, keys);
      const Rows<C> values =
          whole_vectors(a.value + first_key * a.key_stride + h * width, a.key_stride, length, width, value_copy);
      for (std::int64_t i = 0; i < queries; i += kQueryBlock) {
        const std::int64_t block = queries - i < kQueryBlock ? queries - i : kQueryBlock;
        const Rows<C> query = whole_vectors(a.query + (first_query + i) * a.query_stride + h * width, a.query_stride,
                                            block, width, query_copy);
        product<C, false>(block, end, width, query.data, query.stride, 1, keys, end, scores, end);
        for (std::int64_t r = 0; r < block; ++r) {
          C* row = scores + r * end;
          if (a.bias != nullptr) {
            add_bias(row, a.bias + bias_place(a, h, first_key, length, i + r), length, scale);
            softmax_row(row, length, end, C(1));
          } else {
            softmax_row(row, length, end, scale);
          }
          if (a.dropout.threshold == 0) continue;
          dropout_row(a.dropout, (first_key + i + r) * a.heads + h, length, factors);
#pragma omp simd
          for (std::int64_t j = 0; j < length; ++j) row[j] *= factors[j];
        }
        T* out = a.out + (first_query + i) * out_stride + h * width;
        product<C, false>(block, wide, length, scores, end, 1, values.data, values.stride, outputs, wide);
        put_rows(outputs, wide, block, width, out, out_stride);
      }
    }
  }
}

template <class T>
void attention_gradient(const AttentionGradient<T>& g) {
  using C = Compute<T>;
  const Attention<T>& a = g.forward;
  const std::int64_t width = a.head_width, wide = padded<C>(width);
  const std::int64_t most = padded<C>(longest(a));
  const std::int64_t out_stride = a.heads * width;
  const C scale = static_cast<C>(1.0 / sqrt(static_cast<double>(width)));
  const C inverse_scale = static_cast<C>(sqrt(static_cast<double>(width)));
#pragma omp parallel
  {
    Scratch<C> scratch(most * wide * 5 + kQueryBlock * (2 * most + 3 * wide) + most);
    C* keys = scratch.take(most * wide);
    C* values = scratch.take(most * wide);
    C* key_copy = scratch.take(most * wide);
    C* key_sums = scratch.take(most * wide);
    C* value_sums = scratch.take(most * wide);
    C* scores = scratch.take(kQueryBlock * most);
    C* score_gradient = scratch.take(kQueryBlock * most);
    C* query_copy = scratch.take(kQueryBlock * wide);
    C* gradient_copy = scratch.take(kQueryBlock * wide);
    C* query_sums = scratch.take(kQueryBlock * wide);
    C* factors = scratch.take(most);
#pragma omp for schedule(dynamic, 4)
    for (std::int64_t job = 0; job < a.sequences * a.heads; ++job) {
      const std::int64_t s = job / a.heads, h = job % a.heads;
      const std::int64_t first_key = a.key_offsets[s], length = a.key_offsets[s + 1] - first_key;
      if (length == 0) continue;
      const std::int64_t end = padded<C>(length);
      const std::int64_t first_query = a.first_token ? s : first_key, queries = a.first_token ? 1 : length;
      const T* key = a.key + first_key * a.key_stride + h * width;
      transpose(key, a.key_stride, length, end, width, keys);
      transpose(a.value + first_key * a.key_stride + h * width, a.key_stride, length, end, width, values);
      const Rows<C> key_rows = whole_vectors(key, a.key_stride, length, width, key_copy);
      memset(key_sums, 0, static_cast<std::size_t>(length * wide) * sizeof(C));
      memset(value_sums, 0, static_cast<std::size_t>(length * wide) * sizeof(C));
      if (g.bias_gradient != nullptr) {
        memset(g.bias_gradient + bias_place(a, h, first_key, length, length - 1), 0,
               static_cast<std::size_t>(2 * length) * sizeof(C));
      }
      for (std::int64_t i = 0; i < queries; i += kQueryBlock) {
        const std::int64_t block = queries - i < kQueryBlock ? queries - i : kQueryBlock;
        const Rows<C> query = whole_vectors(a.query + (first_query + i) * a.query_stride + h * width, a.query_stride,
                                            block, width, query_copy);
        const Rows<C> gradient = whole_vectors(g.gradient + (first_query + i) * out_stride + h * width, out_stride,
                                               block, width, gradient_copy);
        product<C, false>(block, end, width, query.data, query.stride, 1, keys, end, scores, end);
        product<C, false>(block, end, width, gradient.data, gradient.stride, 1, values, end, score_gradient, end);
        for (std::int64_t r = 0; r < block; ++r) {
          C* p = scores + r * end;
          C* d = score_gradient + r * end;
          if (a.bias != nullptr) {
            add_bias(p, a.bias + bias_place(a, h, first_key, length, i + r), length, scale);
            softmax_row(p, length, end, C(1));
          } else {
            softmax_row(p, length, end, scale);
          }
          C along = 0;
          if (a.dropout.threshold != 0) {
            dropout_row(a.dropout, (first_key + i + r) * a.heads + h, length, factors);
#pragma omp simd reduction(+ : along)
            for (std::int64_t j = 0; j < length; ++j) {
              d[j] *= factors[j];
              along += p[j] * d[j];
            }
#pragma omp simd
            for (std::int64_t j = 0; j < length; ++j) {
              d[j] = gradient_of_score(p[j], d[j], along, scale);
              p[j] *= factors[j];
            }
          } else {
#pragma omp simd reduction(+ : along)
            for (std::int64_t j = 0; j < length; ++j) along += p[j] * d[j];
#pragma omp simd
            for (std::int64_t j = 0; j < length; ++j) d[j] = gradient_of_score(p[j], d[j], along, scale);
          }
          if (g.bias_gradient == nullptr) continue;
          C* bias = g.bias_gradient + bias_place(a, h, first_key, length, i + r);
#pragma omp simd
          for (std::int64_t j = 0; j < length; ++j) bias[j] += d[j] * inverse_scale;
        }
        product<C, true>(length, wide, block, scores, 1, end, gradient.data, gradient.stride, value_sums, wide);
        product<C, true>(length, wide, block, score_gradient, 1, end, query.data, query.stride, key_sums, wide);
        T* query_gradient = g.query_gradient + (first_query + i) * g.query_gradient_stride + h * width;
        product<C, false>(block, wide, length, score_gradient, end, 1, key_rows.data, key_rows.stride, query_sums,
                          wide);
        put_rows(query_sums, wide, block, width, query_gradient, g.query_gradient_stride);
      }
      put_rows(key_sums, wide, length, width, g.key_gradient + first_key * g.key_gradient_stride + h * width,
               g.key_gradient_stride);
      put_rows(value_sums, wide, length, width, g.value_gradient + first_key * g.key_gradient_stride + h * width,
               g.key_gradient_stride);
    }
  }
}

}  // namespace
}  // namespace infomtl::ops::kernels
