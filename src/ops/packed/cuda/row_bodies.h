#pragma once
// Dropout, GELU, layer norm and sums of rows: the bodies of a block. 128 threads; a warp has a row, a lane every 32nd
// group of kPack neighbours, which are read and written in one access. Arithmetic is float32 for both storage types.

#include "infomtl/core/thread_block.h"
#include "ops/packed/elements.h"

namespace infomtl::ops::cuda {

using infomtl::cuda::Floats;
using infomtl::cuda::Sum;
using kernels::DropoutRows;
using kernels::Gelu;
using kernels::ResidualNorm;
using kernels::ResidualNormGradient;

constexpr int kRowThreads = 128;
constexpr int kWarp = 32;
constexpr int kRowsPerBlock = kRowThreads / kWarp;
constexpr int kNormRows = 16;       ///< of a block of the norm's gradient: its parts of the parameters' gradients
constexpr int kPartsThreads = 256;  ///< where such parts are added up
constexpr int kPack = 4;            ///< neighbours where widths and addresses allow it, else 1

template <class T, int n>
struct __attribute__((may_alias, aligned(sizeof(T) * n))) Pack {
  T at[n];
};
template <int n, class T>
INFOMTL_INLINE Floats<n> load(const T* from) {
  const Pack<T, n> pack = *reinterpret_cast<const Pack<T, n>*>(from);
  Floats<n> values;
  INFOMTL_UNROLL()
  for (int i = 0; i < n; ++i) values.at[i] = kernels::widened(pack.at[i]);
  return values;
}
template <int n>
INFOMTL_INLINE void put(const Floats<n>& values, float* to) {
  Pack<float, n> pack;
  INFOMTL_UNROLL()
  for (int i = 0; i < n; ++i) pack.at[i] = values.at[i];
  *reinterpret_cast<Pack<float, n>*>(to) = pack;
}
template <int n>
INFOMTL_INLINE void put(const Floats<n>& values, kernels::BFloat16* to) {
  Pack<kernels::BFloat16, n> pack;
  INFOMTL_UNROLL()
  for (int i = 0; i < n; ++i) pack.at[i] = kernels::narrowed(values.at[i]);
  *reinterpret_cast<Pack<kernels::BFloat16, n>*>(to) = pack;
}

/// visit(column) for every pack of a lane's, of a row of `width`.
template <int n, class Visit>
INFOMTL_INLINE void for_each_pack(int thread, std::int64_t width, Visit visit) {
  for (std::int64_t j = (thread % kWarp) * n; j < width; j += kWarp * n) visit(j);
}

/// x times the mask. 2 elements of memory and about 15 integer operations per entry. Blocks: x, 4 rows each.
template <class T, int n, class Block>
INFOMTL_INLINE void dropout_body(const Block& block, const DropoutRows<T>& d) {
  block.each([&](int t) {
    const std::int64_t row = block.x() * kRowsPerBlock + t / kWarp;
    if (row >= d.rows) return;
    const kernels::RowKey key = kernels::row_key(d.dropout, row);
    const auto scale = static_cast<float>(d.dropout.scale);
    for_each_pack<n>(t, d.width, [&](std::int64_t j) {
      Floats<n> x = load<n>(d.x + row * d.width + j);
      for (int i = 0; i < n; ++i) {
        x.at[i] *= kernels::dropout_factor(key, static_cast<std::uint32_t>(j + i), d.dropout.threshold, scale);
      }
      put(x, d.out + row * d.width + j);
    });
  });
}

/// GELU, or its derivative times a gradient. 2 or 3 elements of memory and about 30 FLOPs per entry. Blocks: x, 128
/// packs each; `count` is a multiple of the pack.
template <class T, int n, class Block>
INFOMTL_INLINE void gelu_body(const Block& block, const Gelu<T>& g) {
  block.each([&](int t) {
    const std::int64_t begin = (block.x() * kRowThreads + t) * n;
    if (begin >= g.count) return;
    Floats<n> x = load<n>(g.x + begin);
    if (g.gradient == nullptr) {
      for (int i = 0; i < n; ++i) x.at[i] = kernels::gelu_value(x.at[i]);
    } else {
      const Floats<n> gradient = load<n>(g.gradient + begin);
      for (int i = 0; i < n; ++i) x.at[i] = gradient.at[i] * kernels::gelu_slope(x.at[i]);
    }
    put(x, g.out + begin);
  });
}

/// Layer norm of residual + dropout(x). 4 elements of memory per entry (2 without residual) and about 10 FLOPs; the sum
/// is read again as it was stored, from the first-level cache. Blocks: x, 4 rows each.
template <class T, int n, class Block>
INFOMTL_INLINE void residual_norm_body(const Block& block, const ResidualNorm<T>& m) {
  typename Block::template Private<Floats<1>> total, squares;
  const T* const sums = m.sum == nullptr ? m.x : m.sum;
  const auto row_of = [&](int t) { return block.x() * kRowsPerBlock + t / kWarp; };
  const auto width = static_cast<float>(m.width);
  block.each([&](int t) {
    const std::int64_t row = row_of(t);
    total[t] = {};
    if (row >= m.rows) return;
    const kernels::RowKey key = kernels::row_key(m.dropout, row);
    const auto scale = static_cast<float>(m.dropout.scale);
    for_each_pack<n>(t, m.width, [&](std::int64_t j) {
      const std::int64_t place = row * m.width + j;
      if (m.sum != nullptr) {
        Floats<n> sum = load<n>(m.residual + place);
        const Floats<n> x = load<n>(m.x + place);
        for (int i = 0; i < n; ++i) {
          sum.at[i] += x.at[i] * kernels::dropout_factor(key, static_cast<std::uint32_t>(j + i), m.dropout.threshold,
                                                         m.dropout.threshold == 0 ? 1.0f : scale);
        }
        put(sum, m.sum + place);
      }
      const Floats<n> s = load<n>(sums + place);
      for (int i = 0; i < n; ++i) total[t].at[0] += s.at[i];
    });
  });
  block.template combine<kWarp>(total, Sum{});
  block.each([&](int t) {
    const std::int64_t row = row_of(t);
    const float mean = total[t].at[0] / width;
    squares[t] = {};
    if (row >= m.rows) return;
    for_each_pack<n>(t, m.width, [&](std::int64_t j) {
      const Floats<n> s = load<n>(sums + row * m.width + j);
      for (int i = 0; i < n; ++i) squares[t].at[0] += (s.at[i] - mean) * (s.at[i] - mean);
    });
  });
  block.template combine<kWarp>(squares, Sum{});
  block.each([&](int t) {
    const std::int64_t row = row_of(t);
    if (row >= m.rows) return;
    const float mean = total[t].at[0] / width;
    const float inverse = kernels::inverse_deviation(squares[t].at[0], m.width, m.epsilon);
    if (t % kWarp == 0) {
      m.mean[row] = mean;
      m.inverse_deviation[row] = inverse;
    }
    for_each_pack<n>(t, m.width, [&](std::int64_t j) {
      Floats<n> s = load<n>(sums + row * m.width + j);
      const Floats<n> weight = load<n>(m.weight + j), bias = load<n>(m.bias + j);
      for (int i = 0; i < n; ++i) {
        s.at[i] = kernels::standardised(s.at[i], mean, inverse) * weight.at[i] + bias.at[i];
      }
      put(s, m.out + row * m.width + j);
    });
  });
}

/// Backward, and the first of two passes over the parameters' gradients: the block's rows are summed up into its row of
/// `parts` [blocks, 2 width] (weight, bias) before a gradient is written over them. 4 elements of memory per entry (5
/// with dropout) and about 20 FLOPs; rows are read a second time from the cache. Blocks: x, 16 rows each.
template <class T, int n, class Block>
INFOMTL_INLINE void residual_norm_gradient_body(const Block& block, const ResidualNormGradient<T>& m, float* parts) {
  typename Block::template Private<Floats<2>> sums;  // of g, of g times the normed entry
  const std::int64_t begin = block.x() * kNormRows;
  const std::int64_t end = begin + kNormRows < m.rows ? begin + kNormRows : m.rows;
  block.each([&](int t) {
    for (std::int64_t j = t; j < m.width; j += kRowThreads) {
      float weight = 0, bias = 0;
      for (std::int64_t row = begin; row < end; ++row) {
        const float gradient = kernels::widened(m.gradient[row * m.width + j]);
        const float s = kernels::widened(m.sum[row * m.width + j]);
        weight += gradient * kernels::standardised(s, m.mean[row], m.inverse_deviation[row]);
        bias += gradient;
      }
      parts[block.x() * 2 * m.width + j] = weight;
      parts[(block.x() * 2 + 1) * m.width + j] = bias;
    }
  });
  for (std::int64_t first = begin; first < end; first += kRowsPerBlock) {
    block.each([&](int t) {
      const std::int64_t row = first + t / kWarp;
      sums[t] = {};
      if (row >= end) return;
      for_each_pack<n>(t, m.width, [&](std::int64_t j) {
        const Floats<n> gradient = load<n>(m.gradient + row * m.width + j), s = load<n>(m.sum + row * m.width + j);
        const Floats<n> weight = load<n>(m.weight + j);
        for (int i = 0; i < n; ++i) {
          const float g = gradient.at[i] * weight.at[i];
          sums[t].at[0] += g;
          sums[t].at[1] += g * kernels::standardised(s.at[i], m.mean[row], m.inverse_deviation[row]);
        }
      });
    });
    block.template combine<kWarp>(sums, Sum{});
    block.each([&](int t) {
      const std::int64_t row = first + t / kWarp;
      if (row >= end) return;
      const auto width = static_cast<float>(m.width), scale = static_cast<float>(m.dropout.scale);
      const float total = sums[t].at[0] / width, along = sums[t].at[1] / width;
      const kernels::RowKey key = kernels::row_key(m.dropout, m.first_row + row);
      for_each_pack<n>(t, m.width, [&](std::int64_t j) {
        const std::int64_t place = row * m.width + j;
        const Floats<n> gradient = load<n>(m.gradient + place), s = load<n>(m.sum + place);
        const Floats<n> weight = load<n>(m.weight + j);
        Floats<n> out;
        for (int i = 0; i < n; ++i) {
          const float normed = kernels::standardised(s.at[i], m.mean[row], m.inverse_deviation[row]);
          out.at[i] =
              kernels::norm_gradient(gradient.at[i] * weight.at[i], normed, m.inverse_deviation[row], total, along);
        }
        put(out, m.sum_gradient + place);
        if (m.x_gradient == nullptr) return;
        for (int i = 0; i < n; ++i) {
          out.at[i] *= kernels::dropout_factor(key, static_cast<std::uint32_t>(j + i), m.dropout.threshold, scale);
        }
        put(out, m.x_gradient + place);
      });
    });
  }
}

/// The second pass: rows of `parts` are summed up in 8 strands of every eighth row, strands in order, and added to the
/// gradients. 4 bytes of memory and 1 FLOP per entry of `parts`. Blocks: x, 32 columns of 2 width each.
template <class Block>
INFOMTL_INLINE void add_parts_body(const Block& block, const float* parts, std::int64_t count, std::int64_t width,
                                   float* weight_gradient, float* bias_gradient, float (&strands)[kPartsThreads]) {
  constexpr int kStrands = kPartsThreads / kWarp;
  block.each([&](int t) {
    const std::int64_t column = block.x() * kWarp + t % kWarp;
    float sum = 0;
    if (column < 2 * width) {
      INFOMTL_UNROLL(4)
      for (std::int64_t part = t / kWarp; part < count; part += kStrands) sum += parts[part * 2 * width + column];
    }
    strands[t] = sum;
  });
  block.each([&](int t) {
    const std::int64_t column = block.x() * kWarp + t;
    if (t >= kWarp || column >= 2 * width) return;
    float sum = 0;
    for (int s = 0; s < kStrands; ++s) sum += strands[s * kWarp + t];
    float* const to = column < width ? weight_gradient + column : bias_gradient + (column - width);
    *to += sum;
  });
}

/// Rows of up to kMostTables tables, to be summed up.
constexpr int kMostTables = 4;
template <class T>
struct EmbeddingRows {
  std::int64_t rows, width;
  int tables;
  const T* table[kMostTables];           ///< [V_k, width]
  const std::int64_t* ids[kMostTables];  ///< [rows], which row of the table
  T* out;                                ///< [rows, width]
};

/// 1 element of memory per entry and table, 1 for the sum, as many FLOPs as tables. Blocks: x, 4 rows each.
template <class T, int n, class Block>
INFOMTL_INLINE void embedding_sum_body(const Block& block, const EmbeddingRows<T>& e) {
  block.each([&](int t) {
    const std::int64_t row = block.x() * kRowsPerBlock + t / kWarp;
    if (row >= e.rows) return;
    for_each_pack<n>(t, e.width, [&](std::int64_t j) {
      Floats<n> sum = load<n>(e.table[0] + e.ids[0][row] * e.width + j);
      for (int k = 1; k < e.tables; ++k) {
        const Floats<n> more = load<n>(e.table[k] + e.ids[k][row] * e.width + j);
        for (int i = 0; i < n; ++i) sum.at[i] += more.at[i];
      }
      put(sum, e.out + row * e.width + j);
    });
  });
}

/// Adds rows to the rows of `sums` that `places` names. Rows are taken in the order of `places`, sorted, ties in the
/// order of rows; `order` says which row each is. The thread of the first row of a place adds all of them to one column.
template <class T>
struct AddRows {
  std::int64_t rows, width;
  const std::int64_t* places;  ///< [rows], sorted
  const std::int64_t* order;   ///< [rows], of which row
  const T* from;               ///< [rows, width]
  T* sums;                     ///< [places, width], added to
};

/// 1 element of memory per entry of the rows and 2 per entry of a place that is named, 1 FLOP per entry; as much time as
/// the most frequent place takes. Blocks: x row, y 128 columns.
template <class T, class Block>
INFOMTL_INLINE void add_rows_body(const Block& block, const AddRows<T>& a) {
  block.each([&](int t) {
    const std::int64_t begin = block.x(), column = block.y() * kRowThreads + t;
    const std::int64_t place = a.places[begin];
    if (column >= a.width || (begin > 0 && a.places[begin - 1] == place)) return;
    std::int64_t end = begin + 1, beyond = a.rows;  // the place's rows end between the two
    while (end < beyond) {
      const std::int64_t middle = end + (beyond - end) / 2;
      if (a.places[middle] == place) {
        end = middle + 1;
      } else {
        beyond = middle;
      }
    }
    T* const to = a.sums + place * a.width + column;
    float sum = kernels::widened(*to);
    INFOMTL_UNROLL(8)
    for (std::int64_t i = begin; i < end; ++i) sum += kernels::widened(a.from[a.order[i] * a.width + column]);
    put(Floats<1>{{sum}}, to);
  });
}

}  // namespace infomtl::ops::cuda
