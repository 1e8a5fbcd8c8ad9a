#pragma once
// What the attention kernels are made of: tiles of 32 rows in shared memory and products of two of them, by 128 threads.
//
// In every product a thread has two rows of the result, those of its pair; the eight threads of a pair stand next to
// one another and share the columns. Shared rows lie kPadding floats apart from a multiple of 32, so that eight threads
// that read four floats each of neighbouring rows meet different banks.

#include "infomtl/core/thread_block.h"
#include "ops/packed/elements.h"

namespace infomtl::ops::cuda {

using infomtl::cuda::Floats;
using infomtl::cuda::Greatest;
using infomtl::cuda::Sum;
using kernels::Attention;
using kernels::AttentionGradient;
using kernels::Compute;

constexpr int kTile = 32;               ///< rows of a tile, queries or keys
constexpr int kAttentionThreads = 128;  ///< 16 pairs of rows, 8 threads each
constexpr int kPadding = 4;
constexpr int kWidestHead = 64;  ///< of a tile; kernels are compiled for 32 and 64

/// Four floats that are read in one access.
struct __attribute__((may_alias, aligned(16))) Four {
  float at[4];
};

template <int kWidth>
struct alignas(16) Tile {
  float rows[kTile][kWidth + kPadding];
  INFOMTL_INLINE const Four& four(int row, int column) const {
    return *reinterpret_cast<const Four*>(&rows[row][column]);
  }
};

INFOMTL_INLINE int first_row_of(int thread) { return 2 * (thread / 8); }
/// Thread's c-th column of a product with 32 columns.
INFOMTL_INLINE int column_of(int thread, int c) { return thread % 8 + 8 * c; }
/// Thread's first column of the c-th group of four, of a result as wide as a head.
INFOMTL_INLINE int four_of(int thread, int c) { return 4 * (thread % 8) + 32 * c; }

/// A thread's share of a 32 x 32 product, and of a 32 x kWidth one.
using Square = Floats<8>;
template <int kWidth>
using Wide = Floats<kWidth / 4>;

/// Rows begin .. begin + kTile of a matrix into a tile; zero from row `rows` and column `width` on.
template <int kWidth, class T>
INFOMTL_INLINE void load_tile(int thread, const T* matrix, std::int64_t stride, int begin, int rows, int width,
                              Tile<kWidth>& tile) {
  INFOMTL_UNROLL(4)
  for (int i = thread; i < kTile * kWidth; i += kAttentionThreads) {
    const int row = i / kWidth, column = i % kWidth;
    const bool inside = begin + row < rows && column < width;
    tile.rows[row][column] =
        inside ? kernels::widened(matrix[static_cast<std::int64_t>(begin + row) * stride + column]) : 0.0f;
  }
}

/// a b^T.
template <int kWidth>
INFOMTL_INLINE Square product_of_rows(int thread, const Tile<kWidth>& a, const Tile<kWidth>& b) {
  Square result = {};
  const int row = first_row_of(thread);
  INFOMTL_UNROLL(2)
  for (int d = 0; d < kWidth; d += 4) {
    const Four one = a.four(row, d), two = a.four(row + 1, d);
    INFOMTL_UNROLL()
    for (int c = 0; c < 4; ++c) {
      const Four other = b.four(column_of(thread, c), d);
      INFOMTL_UNROLL()
      for (int e = 0; e < 4; ++e) {
        result.at[c] += one.at[e] * other.at[e];
        result.at[4 + c] += two.at[e] * other.at[e];
      }
    }
  }
  return result;
}

/// Adds weights values to the thread's share of a 32 x kWidth result.
template <int kWidth>
INFOMTL_INLINE void add_product(int thread, const Tile<kTile>& weights, const Tile<kWidth>& values,
                                Wide<kWidth>& result) {
  const int row = first_row_of(thread);
  INFOMTL_UNROLL(2)
  for (int j = 0; j < kTile; j += 4) {
    const Four one = weights.four(row, j), two = weights.four(row + 1, j);
    INFOMTL_UNROLL()
    for (int e = 0; e < 4; ++e) {
      INFOMTL_UNROLL()
      for (int c = 0; c < kWidth / 32; ++c) {
        const Four value = values.four(j + e, four_of(thread, c));
        INFOMTL_UNROLL()
        for (int k = 0; k < 4; ++k) {
          result.at[4 * c + k] += one.at[e] * value.at[k];
          result.at[kWidth / 8 + 4 * c + k] += two.at[e] * value.at[k];
        }
      }
    }
  }
}

/// Adds weights^T values.
template <int kWidth>
INFOMTL_INLINE void add_product_over_rows(int thread, const Tile<kTile>& weights, const Tile<kWidth>& values,
                                          Wide<kWidth>& result) {
  const int column = first_row_of(thread);
  INFOMTL_UNROLL(2)
  for (int i = 0; i < kTile; ++i) {
    const float one = weights.rows[i][column], two = weights.rows[i][column + 1];
    INFOMTL_UNROLL()
    for (int c = 0; c < kWidth / 32; ++c) {
      const Four value = values.four(i, four_of(thread, c));
      INFOMTL_UNROLL()
      for (int k = 0; k < 4; ++k) {
        result.at[4 * c + k] += one * value.at[k];
        result.at[kWidth / 8 + 4 * c + k] += two * value.at[k];
      }
    }
  }
}

/// visit(row, column, entry) over a thread's share of a 32 x kWidth result.
template <int kWidth, class Visit>
INFOMTL_INLINE void for_each_entry(int thread, Wide<kWidth>& share, Visit visit) {
  INFOMTL_UNROLL()
  for (int r = 0; r < 2; ++r) {
    INFOMTL_UNROLL()
    for (int c = 0; c < kWidth / 32; ++c) {
      INFOMTL_UNROLL()
      for (int k = 0; k < 4; ++k) {
        visit(first_row_of(thread) + r, four_of(thread, c) + k, share.at[r * kWidth / 8 + 4 * c + k]);
      }
    }
  }
}

INFOMTL_INLINE void store(float x, float* to) { *to = x; }
INFOMTL_INLINE void store(float x, kernels::BFloat16* to) { *to = kernels::narrowed(x); }

/// The queries of one sequence and head: rows of `query`, rows of the dropout pattern, and how many.
template <class T>
struct HeadOfSequence {
  int first_key, length, queries, query_row, head, width;  // offsets are 32 bits wide, and so are rows

  INFOMTL_INLINE HeadOfSequence(const Attention<T>& a, std::int64_t sequence, std::int64_t head_index)
      : first_key(a.key_offsets[sequence]),
        length(a.key_offsets[sequence + 1] - first_key),
        queries(a.first_token ? 1 : length),
        query_row(a.first_token ? static_cast<int>(sequence) : first_key),
        head(static_cast<int>(head_index)),
        width(static_cast<int>(a.head_width)) {}

  INFOMTL_INLINE std::int64_t pattern_row(const Attention<T>& a, int query) const {
    return static_cast<std::int64_t>(first_key + query) * a.heads + head;
  }
  /// Where the biases of `query` begin: entry j is that of key j.
  INFOMTL_INLINE std::int64_t bias_place(const Attention<T>& a, int query) const {
    return head * a.bias_stride + 2 * static_cast<std::int64_t>(first_key) + length - 1 - query;
  }
};

/// Products of a tile of queries and one of keys, made scores: scaled, biased, -infinity where there is no key.
template <class T>
INFOMTL_INLINE void make_scores(int thread, const Attention<T>& a, const HeadOfSequence<T>& of, int query, int key,
                                float scale, Square& products) {
  INFOMTL_UNROLL()
  for (int r = 0; r < 2; ++r) {
    const int i = query + first_row_of(thread) + r;
    INFOMTL_UNROLL()
    for (int c = 0; c < 4; ++c) {
      const int j = key + column_of(thread, c);
      float& score = products.at[4 * r + c];
      score *= scale;
      if (a.bias != nullptr && i < of.queries && j < of.length) score += a.bias[of.bias_place(a, i) + j];
      if (j >= of.length) score = -INFINITY;
    }
  }
}

}  // namespace infomtl::ops::cuda
