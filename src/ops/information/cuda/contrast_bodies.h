#pragma once
// InfoNCE without a matrix of scores: the bodies of a block. A block has 64 rows of one side and goes through the rows of
// the other, 64 at a time, in order; there are no atomics, so a run repeats bit for bit. Memory is linear in the rows.

#include "ops/information/contrast_elements.h"
#include "ops/information/cuda/tile_products.h"

namespace infomtl::ops::cuda {

using infomtl::cuda::Greatest;
using infomtl::cuda::Sum;
using kernels::Contrast;
using kernels::ContrastGradient;
using kernels::ContrastSums;
using kernels::LogSum;

template <class T>
struct ScoresShared {
  RowTile<T> rows, others;
  SquareTile<float> scores;
};

/// The scores of a tile of each side. Four neighbouring threads have a row, each every fourth column.
template <class T, class Block>
struct ScoreTiles {
  const Block& block;
  const Contrast<T>& c;
  const bool of_keys;  ///< rows are keys, others anchors
  ScoresShared<T>& shared;

  const kernels::ContrastRows<T>& rows = of_keys ? c.keys : c.anchors;
  const kernels::ContrastRows<T>& others = of_keys ? c.anchors : c.keys;
  const std::int64_t first = block.x() * kTileRows;
  typename Block::template Private<typename Shares<T>::Square> products{};

  INFOMTL_INLINE bool has_row(int t) const { return first + t / 4 < rows.count; }

  /// visit(anchor, key, entry of the tile) for the pairs of a thread that there are.
  template <class Visit>
  INFOMTL_INLINE void for_each_pair(int t, std::int64_t other, Visit visit) {
    if (!has_row(t)) return;
    const std::int64_t row = first + t / 4;
    INFOMTL_UNROLL(4)
    for (int column = t % 4; column < kTileRows; column += 4) {
      const std::int64_t j = other + column;
      if (j < others.count) visit(of_keys ? j : row, of_keys ? row : j, shared.scores(t / 4, column));
    }
  }

  /// The scores of the rows with others other..
  INFOMTL_INLINE void make(std::int64_t other) {
    block.each([&](int t) { clear(products[t]); });
    for (std::int64_t column = 0; column < c.width; column += kTileDepth) {
      block.each([&](int t) {
        load_rows(t, rows.rows, rows.count, c.width, first, column, shared.rows);
        load_rows(t, others.rows, others.count, c.width, other, column, shared.others);
      });
      block.each([&](int t) { add_product_of_rows(t, shared.rows, shared.others, products[t]); });
    }
    block.each([&](int t) { put_share(t, products[t], shared.scores); });
    block.each([&](int t) {
      for_each_pair(t, other, [&](std::int64_t anchor, std::int64_t key, float& entry) {
        entry = kernels::contrast_score(c, anchor, key, entry);
      });
    });
  }
};

/// The log-sum-exp of each row and, of anchors, the score with the positive. n rows against m of width H: 2 n m H FLOPs
/// and about 10 per pair; (n m / 64) (2 H) elements are read, nearly all from the second-level cache; 12 n bytes are
/// written. Blocks: x, 64 rows each.
template <class T, class Block>
INFOMTL_INLINE void contrast_sums_body(const Block& block, const ContrastSums<T>& s, ScoresShared<T>& shared) {
  ScoreTiles<T, Block> tiles{block, s.of, s.of_keys, shared};
  typename Block::template Private<Floats<1>> greatest, total;
  typename Block::template Private<kernels::OnlineSoftmax> sums;
  block.each([&](int t) { sums[t] = kernels::no_scores(); });
  for (std::int64_t other = 0; other < tiles.others.count; other += kTileRows) {
    tiles.make(other);
    block.each([&](int t) {
      greatest[t].at[0] = -INFINITY;
      tiles.for_each_pair(t, other, [&](std::int64_t anchor, std::int64_t key, float score) {
        greatest[t].at[0] = Greatest{}(score, greatest[t].at[0]);
        if (!s.of_keys && kernels::is_positive(s.of, anchor, key)) s.picked[anchor] = score;
      });
    });
    block.template combine<4>(greatest, Greatest{});
    block.each([&](int t) {
      kernels::raise_reference(sums[t], greatest[t].at[0]);
      total[t].at[0] = 0;
      tiles.for_each_pair(t, other, [&](std::int64_t, std::int64_t, float score) {
        total[t].at[0] += kernels::share_of(score, sums[t].greatest);
      });
    });
    block.template combine<4>(total, Sum{});
    block.each([&](int t) { sums[t].total += total[t].at[0]; });
  }
  block.each([&](int t) {
    if (t % 4 == 0 && tiles.has_row(t)) s.sums[tiles.first + t / 4] = {sums[t].greatest, logf(sums[t].total)};
  });
}

/// Beside the scores: their slopes as they are multiplied, in place where types are the same, and a piece of the result.
template <class T>
struct ContrastGradientShared : ScoresShared<T> {
  SquareTile<T> own_slopes;
  RowTile<float> result;
  INFOMTL_INLINE SquareTile<T>& slopes() { return own_slopes; }
};
template <>
struct ContrastGradientShared<float> : ScoresShared<float> {
  RowTile<float> result;
  INFOMTL_INLINE SquareTile<float>& slopes() { return scores; }
};

/// The gradient in the rows of one side. Scores are computed again; the slopes of a tile are then multiplied with the
/// others, 32 columns at a time, and added to the gradient in memory, which the block alone writes. Slopes are rounded to
/// T before. n rows against m of width H: 4 n m H FLOPs and about 30 per pair; (n m / 64) (3 H) elements and
/// (n m / 64) (8 H) bytes of sums pass by, nearly all in the second-level cache; 4 n H bytes reach memory. Blocks: x, 64
/// rows each.
template <class T, class Block>
INFOMTL_INLINE void contrast_gradient_body(const Block& block, const ContrastGradient<T>& g,
                                           ContrastGradientShared<T>& shared) {
  ScoreTiles<T, Block> tiles{block, g.of, g.of_keys, shared};
  typename Block::template Private<typename Shares<T>::Rows> products;
  const std::int64_t width = g.of.width;
  for (std::int64_t other = 0; other < tiles.others.count; other += kTileRows) {
    tiles.make(other);
    block.each([&](int t) {
      for (int column = t % 4; column < kTileRows; column += 4) {
        const std::int64_t row = tiles.first + t / 4, j = other + column;
        float slope = 0;
        if (row < tiles.rows.count && j < tiles.others.count) {
          slope = kernels::contrast_slope(g, g.of_keys ? j : row, g.of_keys ? row : j, shared.scores(t / 4, column));
          if (tiles.others.scale != nullptr) slope *= tiles.others.scale[j];
        }
        put(slope, shared.slopes()(t / 4, column));
      }
    });
    for (std::int64_t begin = 0; begin < width; begin += kTileDepth) {
      block.each(
          [&](int t) { load_rows(t, tiles.others.rows, tiles.others.count, width, other, begin, shared.others); });
      block.each([&](int t) {
        clear(products[t]);
        add_product(t, shared.slopes(), shared.others, products[t]);
        put_share(t, products[t], shared.result);
      });
      block.each([&](int t) {
        const int c = t % kTileDepth;
        if (begin + c >= width) return;
        for (int r = t / kTileDepth; r < kTileRows; r += kProductThreads / kTileDepth) {
          if (tiles.first + r >= tiles.rows.count) return;
          float& sum = g.gradient[(tiles.first + r) * width + begin + c];
          sum = other == 0 ? shared.result(r, c) : sum + shared.result(r, c);
        }
      });
    }
  }
}

}  // namespace infomtl::ops::cuda
