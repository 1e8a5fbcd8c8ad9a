#pragma once
// Attention over packed sequences, backward: the body of a block.

#include "ops/packed/cuda/attention_tiles.h"

namespace infomtl::ops::cuda {

/// What a block writes down and reads again itself; Q is the number of queries of all sequences.
struct AttentionScratch {
  float* statistics;  ///< [A, Q, 3]: greatest score, 1 / sum of exponentials, sum over keys of p dp
  float* query_sums;  ///< [Q, A W]; not touched by sequences of one tile
};

template <int kWidth>
struct AttentionGradientShared {
  Tile<kWidth> query, gradient, key, value;
  Tile<kTile> weights, score_gradients;  // of queries by rows, of keys by columns
};

/// What a row of scores is summed up to over the tiles of keys so far; along: of p times the slope.
struct RowSums {
  kernels::OnlineSoftmax softmax;
  float along;
};

/// One sequence and head. Probabilities are computed again: first the sums over each row of scores, then, for a tile of
/// keys after the other, the gradients of its keys and values over all queries, and its part of the queries'. A block
/// adds up all that it writes, in one order, without atomics. It has read all of a tile before it writes a gradient
/// over it, so gradients may lie over the inputs. Blocks: x sequence, y head.
///
/// Per sequence of L tokens and head of width W: 14 L^2 W FLOPs (10 for L <= 32, where the scores of the first round
/// still stand in registers); bytes from memory 4 L W elements, written 3 L W; the rest from the second-level cache.
template <class T, int kWidth, class Block>
struct AttentionBackward {
  const Block& block;
  const AttentionGradient<T>& g;
  const AttentionScratch& scratch;
  AttentionGradientShared<kWidth>& shared;

  const Attention<T>& a = g.forward;
  const HeadOfSequence<T> of{a, block.x(), block.y()};
  const int column = of.head * of.width;
  const std::int64_t out_stride = a.heads * a.head_width;
  const std::int64_t all_queries = a.first_token ? a.sequences : a.key_offsets[a.sequences];
  const float scale = static_cast<float>(1.0 / sqrt(static_cast<double>(of.width)));
  const float inverse_scale = static_cast<float>(sqrt(static_cast<double>(of.width)));
  typename Block::template Private<Square> scores{}, slopes{};  // slopes: with respect to probabilities before dropout

  INFOMTL_INLINE void load_queries(int t, int query) {
    load_tile<kWidth>(t, a.query + of.query_row * a.query_stride + column, a.query_stride, query, of.queries, of.width,
                      shared.query);
    load_tile<kWidth>(t, g.gradient + of.query_row * out_stride + column, out_stride, query, of.queries, of.width,
                      shared.gradient);
  }
  INFOMTL_INLINE void load_keys(int t, int key) {
    load_tile<kWidth>(t, a.key + of.first_key * a.key_stride + column, a.key_stride, key, of.length, of.width,
                      shared.key);
    load_tile<kWidth>(t, a.value + of.first_key * a.key_stride + column, a.key_stride, key, of.length, of.width,
                      shared.value);
  }
  INFOMTL_INLINE float* statistics_of(int query) const {
    return scratch.statistics + 3 * (of.head * all_queries + of.query_row + query);
  }
  INFOMTL_INLINE float factor(int query, int key) const {
    if (a.dropout.threshold == 0) return 1.0f;
    return kernels::dropout_factor(kernels::row_key(a.dropout, of.pattern_row(a, query)),
                                   static_cast<std::uint32_t>(key), a.dropout.threshold,
                                   static_cast<float>(a.dropout.scale));
  }

  // Scores and slopes of the tiles in shared memory.
  INFOMTL_INLINE void multiply(int t, int query, int key) {
    scores[t] = product_of_rows<kWidth>(t, shared.query, shared.key);
    make_scores(t, a, of, query, key, scale, scores[t]);
    slopes[t] = product_of_rows<kWidth>(t, shared.gradient, shared.value);
    for (int r = 0; r < 2; ++r) {
      for (int c = 0; c < 4; ++c) {
        slopes[t].at[4 * r + c] *= factor(query + first_row_of(t) + r, key + column_of(t, c));
      }
    }
  }

  INFOMTL_INLINE void sum_rows(int query) {
    typename Block::template Private<Floats<2>> greatest;
    typename Block::template Private<Floats<4>> sums;  // exponentials of both rows, p dp of both
    struct Pair {
      RowSums row[2];
    };
    typename Block::template Private<Pair> rows;
    block.each([&](int t) {
      load_queries(t, query);
      rows[t] = {{{kernels::no_scores(), 0.0f}, {kernels::no_scores(), 0.0f}}};
    });
    for (int key = 0; key < of.length; key += kTile) {
      block.each([&](int t) { load_keys(t, key); });
      block.each([&](int t) {
        multiply(t, query, key);
        for (int r = 0; r < 2; ++r) {
          greatest[t].at[r] = -INFINITY;
          for (int c = 0; c < 4; ++c) greatest[t].at[r] = Greatest{}(scores[t].at[4 * r + c], greatest[t].at[r]);
        }
      });
      block.template combine<8>(greatest, Greatest{});
      block.each([&](int t) {
        sums[t] = {};
        for (int r = 0; r < 2; ++r) {
          RowSums& row = rows[t].row[r];
          row.along *= kernels::raise(row.softmax, greatest[t].at[r]);
          for (int c = 0; c < 4; ++c) {
            if (key + column_of(t, c) >= of.length) continue;
            const float p = kernels::exponential(scores[t].at[4 * r + c] - row.softmax.greatest);
            sums[t].at[r] += p;
            sums[t].at[2 + r] += p * slopes[t].at[4 * r + c];
          }
        }
      });
      block.template combine<8>(sums, Sum{});
      block.each([&](int t) {
        for (int r = 0; r < 2; ++r) {
          rows[t].row[r].softmax.total += sums[t].at[r];
          rows[t].row[r].along += sums[t].at[2 + r];
        }
      });
    }
    block.each([&](int t) {
      for (int r = 0; r < 2; ++r) {
        const int i = query + first_row_of(t) + r;
        if (t % 8 != 0 || i >= of.queries) continue;
        const RowSums& row = rows[t].row[r];
        float* const to = statistics_of(i);
        to[0] = row.softmax.greatest;
        to[1] = 1.0f / row.softmax.total;
        to[2] = row.along / row.softmax.total;
      }
    });
  }

  // Probabilities with dropout, and the gradients of the scores, into shared memory; zero beyond the sequence.
  INFOMTL_INLINE void make_gradients(int t, int query, int key) {
    for (int r = 0; r < 2; ++r) {
      const int row = first_row_of(t) + r;
      const int i = query + row;
      const float* const statistics = statistics_of(i);
      for (int c = 0; c < 4; ++c) {
        const int j = key + column_of(t, c);
        const bool inside = i < of.queries && j < of.length;
        const float p = inside ? kernels::exponential(scores[t].at[4 * r + c] - statistics[0]) * statistics[1] : 0.0f;
        shared.weights.rows[row][column_of(t, c)] = inside ? p * factor(i, j) : 0.0f;
        shared.score_gradients.rows[row][column_of(t, c)] =
            inside ? kernels::gradient_of_score(p, slopes[t].at[4 * r + c], statistics[2], scale) : 0.0f;
      }
    }
  }

  // A thread has one distance of key and query within the tiles.
  INFOMTL_INLINE void add_bias_gradient(int t, int query, int key) {
    const int distance = t - (kTile - 1);
    const int place = key - query + distance;
    if (g.bias_gradient == nullptr || t >= 2 * kTile - 1 || place >= of.length || place <= -of.length) return;
    float sum = 0;
    for (int i = 0; i < kTile; ++i) {
      const int j = i + distance;
      if (j >= 0 && j < kTile) sum += shared.score_gradients.rows[i][j];
    }
    g.bias_gradient[of.bias_place(a, 0) + place] += sum * inverse_scale;
  }

  INFOMTL_INLINE void add_query_gradient(int t, int query, bool first, bool last) {
    Wide<kWidth> sums = {};
    if (!first) {
      for_each_entry<kWidth>(t, sums, [&](int row, int d, float& entry) {
        if (query + row < of.queries && d < of.width) {
          entry = scratch.query_sums[(of.query_row + query + row) * out_stride + column + d];
        }
      });
    }
    add_product<kWidth>(t, shared.score_gradients, shared.key, sums);
    for_each_entry<kWidth>(t, sums, [&](int row, int d, float& entry) {
      if (query + row >= of.queries || d >= of.width) return;
      const std::int64_t place = of.query_row + query + row;
      if (last) {
        store(entry, g.query_gradient + place * g.query_gradient_stride + column + d);
      } else {
        scratch.query_sums[place * out_stride + column + d] = entry;
      }
    });
  }

  INFOMTL_INLINE void write_keys(int t, Wide<kWidth>& sums, T* to, int key) {
    for_each_entry<kWidth>(t, sums, [&](int row, int d, float& entry) {
      if (key + row >= of.length || d >= of.width) return;
      store(entry, to + (of.first_key + key + row) * g.key_gradient_stride + column + d);
    });
  }

  INFOMTL_INLINE void run() {
    if (of.length == 0) {
      zero_query_without_keys();
      return;
    }
    for (int query = 0; query < of.queries; query += kTile) sum_rows(query);
    block.each([&](int t) {
      if (g.bias_gradient == nullptr) return;
      for (int i = t; i < 2 * of.length; i += Block::kThreads) {
        g.bias_gradient[of.bias_place(a, of.length - 1) + i] = 0;
      }
    });
    const bool one_tile = of.length <= kTile;  // what sum_rows() loaded and multiplied still stands
    typename Block::template Private<Wide<kWidth>> key_sums, value_sums;
    for (int key = 0; key < of.length; key += kTile) {
      block.each([&](int t) {
        if (!one_tile) load_keys(t, key);
        key_sums[t] = {};
        value_sums[t] = {};
      });
      for (int query = 0; query < of.queries; query += kTile) {
        if (!one_tile) block.each([&](int t) { load_queries(t, query); });
        block.each([&](int t) {
          if (!one_tile) multiply(t, query, key);
          make_gradients(t, query, key);
        });
        block.each([&](int t) {
          add_product_over_rows<kWidth>(t, shared.weights, shared.gradient, value_sums[t]);
          add_product_over_rows<kWidth>(t, shared.score_gradients, shared.query, key_sums[t]);
          add_bias_gradient(t, query, key);
          add_query_gradient(t, query, key == 0, key + kTile >= of.length);
        });
      }
      block.each([&](int t) {
        write_keys(t, key_sums[t], g.key_gradient, key);
        write_keys(t, value_sums[t], g.value_gradient, key);
      });
    }
  }

  INFOMTL_INLINE void zero_query_without_keys() {
    if (!a.first_token) return;
    block.each([&](int t) {
      for (int d = t; d < of.width; d += Block::kThreads) {
        store(0.0f, g.query_gradient + of.query_row * g.query_gradient_stride + column + d);
      }
    });
  }
};

}  // namespace infomtl::ops::cuda
