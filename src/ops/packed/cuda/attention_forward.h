#pragma once
// Attention over packed sequences, forward: the body of a block.

#include "ops/packed/cuda/attention_tiles.h"

namespace infomtl::ops::cuda {

template <int kWidth>
struct AttentionShared {
  Tile<kWidth> query, key, value;
  Tile<kTile> weights;  // probabilities, relative to the greatest score so far, with dropout
};

/// One tile of queries of one sequence and head; keys and values pass by tile after tile, with an online softmax
/// (Milakov & Gimelshein 2018), so any length fits. Blocks: x sequence, y head, z tile of queries.
///
/// Per sequence of L tokens and head of width W: 4 L^2 W FLOPs, of which the last tiles waste their empty part; bytes
/// from memory (1 + 2 ceil(L / 32)) L W elements, of which all but 3 L W come from the second-level cache; L W are
/// written.
template <class T, int kWidth, class Block>
INFOMTL_INLINE void attention_body(const Block& block, const Attention<T>& a, AttentionShared<kWidth>& shared) {
  const HeadOfSequence<T> of(a, block.x(), block.y());
  const int begin = static_cast<int>(block.z()) * kTile;
  if (begin >= of.queries) return;
  const int column = of.head * of.width;
  const std::int64_t out_stride = a.heads * a.head_width;
  const float scale = static_cast<float>(1.0 / sqrt(static_cast<double>(of.width)));
  const auto kept = static_cast<float>(a.dropout.scale);

  typename Block::template Private<Wide<kWidth>> out;
  typename Block::template Private<Square> scores;
  typename Block::template Private<Floats<2>> greatest, total;
  struct Rows {
    kernels::OnlineSoftmax softmax[2];
    kernels::RowKey key[2];
  };
  typename Block::template Private<Rows> rows;

  block.each([&](int t) {
    load_tile<kWidth>(t, a.query + of.query_row * a.query_stride + column, a.query_stride, begin, of.queries, of.width,
                      shared.query);
    out[t] = {};
    for (int r = 0; r < 2; ++r) {
      rows[t].softmax[r] = kernels::no_scores();
      rows[t].key[r] = kernels::row_key(a.dropout, of.pattern_row(a, begin + first_row_of(t) + r));
    }
  });
  for (int key = 0; key < of.length; key += kTile) {
    block.each([&](int t) {
      load_tile<kWidth>(t, a.key + of.first_key * a.key_stride + column, a.key_stride, key, of.length, of.width,
                        shared.key);
      load_tile<kWidth>(t, a.value + of.first_key * a.key_stride + column, a.key_stride, key, of.length, of.width,
                        shared.value);
    });
    block.each([&](int t) {
      scores[t] = product_of_rows<kWidth>(t, shared.query, shared.key);
      make_scores(t, a, of, begin, key, scale, scores[t]);
      for (int r = 0; r < 2; ++r) {
        greatest[t].at[r] = -INFINITY;
        for (int c = 0; c < 4; ++c) greatest[t].at[r] = Greatest{}(scores[t].at[4 * r + c], greatest[t].at[r]);
      }
    });
    block.template combine<8>(greatest, Greatest{});
    block.each([&](int t) {
      for (int r = 0; r < 2; ++r) {
        kernels::OnlineSoftmax& softmax = rows[t].softmax[r];
        const float correction = kernels::raise(softmax, greatest[t].at[r]);
        for (int i = 0; i < kWidth / 8; ++i) out[t].at[r * kWidth / 8 + i] *= correction;
        total[t].at[r] = 0;
        for (int c = 0; c < 4; ++c) {
          const int j = key + column_of(t, c);
          const float p = j < of.length ? kernels::exponential(scores[t].at[4 * r + c] - softmax.greatest) : 0.0f;
          total[t].at[r] += p;
          shared.weights.rows[first_row_of(t) + r][column_of(t, c)] =
              p * kernels::dropout_factor(rows[t].key[r], static_cast<std::uint32_t>(j), a.dropout.threshold, kept);
        }
      }
    });
    block.template combine<8>(total, Sum{});
    block.each([&](int t) {
      for (int r = 0; r < 2; ++r) rows[t].softmax[r].total += total[t].at[r];
      add_product<kWidth>(t, shared.weights, shared.value, out[t]);
    });
  }
  block.each([&](int t) {
    for_each_entry<kWidth>(t, out[t], [&](int row, int d, float entry) {
      if (begin + row >= of.queries || d >= of.width) return;
      const float sum = rows[t].softmax[row - first_row_of(t)].total;
      // A sequence without tokens has a zero row where each sequence has one.
      store(sum == 0.0f ? 0.0f : entry / sum, a.out + (of.query_row + begin + row) * out_stride + column + d);
    });
  });
}

}  // namespace infomtl::ops::cuda
