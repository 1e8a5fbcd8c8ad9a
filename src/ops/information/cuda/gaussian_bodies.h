#pragma once
// Normal noise, a draw from a Gaussian and its KL to a prior: the bodies of a block. 128 threads; a warp has a row, a lane
// every 32nd column. Arithmetic is float32 for both storage types.

#include "infomtl/core/thread_block.h"
#include "ops/information/gaussian_elements.h"

namespace infomtl::ops::cuda {

using infomtl::cuda::Floats;
using kernels::DrawRows;
using kernels::DrawRowsGradient;

constexpr int kDrawThreads = 128;
constexpr int kDrawLanes = 32;  ///< of a row
constexpr int kDrawRows = kDrawThreads / kDrawLanes;

INFOMTL_INLINE void write(float x, float* to) { *to = x; }
INFOMTL_INLINE void write(float x, kernels::BFloat16* to) { *to = kernels::narrowed(x); }

/// Noise alone. 4 bytes written per entry; about 40 operations, of which 3 are roots, logarithms, cosines. Blocks: x, 4 rows
/// each.
template <class Block>
INFOMTL_INLINE void noise_body(const Block& block, const kernels::NoiseRows& n) {
  block.each([&](int t) {
    const std::int64_t row = block.x() * kDrawRows + t / kDrawLanes;
    if (row >= n.rows) return;
    const kernels::RowKey key = kernels::noise_key(n.seed, row);
    for (std::int64_t j = t % kDrawLanes; j < n.width; j += kDrawLanes) {
      n.numbers[row * n.width + j] = kernels::normal_noise(key, j);
    }
  });
}

/// Sample and divergence. 2 elements read (and 8 bytes of a prior) and 4 bytes written per entry, 4 bytes per row; about 60
/// operations per entry, of which 5 are roots, exponentials and the like. Blocks: x, 4 rows each.
template <class T, class Block>
INFOMTL_INLINE void draw_body(const Block& block, const DrawRows<T>& d) {
  typename Block::template Private<Floats<1>> sums;
  const auto row_of = [&](int t) { return block.x() * kDrawRows + t / kDrawLanes; };
  block.each([&](int t) {
    const std::int64_t row = row_of(t);
    sums[t] = {};
    if (row >= d.rows) return;
    const kernels::RowKey key = kernels::noise_key(d.seed, row);
    for (std::int64_t j = t % kDrawLanes; j < d.width; j += kDrawLanes) {
      const kernels::GaussianEntry entry = kernels::entry_of(d, row, j);
      d.sample[row * d.width + j] = kernels::drawn(entry, kernels::normal_noise(key, j));
      sums[t].at[0] += kernels::divergence(entry);
    }
  });
  block.template combine<kDrawLanes>(sums, infomtl::cuda::Sum{});
  block.each([&](int t) {
    if (t % kDrawLanes == 0 && row_of(t) < d.rows) d.divergence[row_of(t)] = sums[t].at[0];
  });
}

/// Backward, with the noise made again. 2 elements and 4 bytes (12 with a prior) read and 2 elements written per entry (8
/// bytes more where the prior learns); about 60 operations per entry. Blocks: x, 4 rows each.
template <class T, class Block>
INFOMTL_INLINE void draw_gradient_body(const Block& block, const DrawRowsGradient<T>& g) {
  block.each([&](int t) {
    const DrawRows<T>& d = g.of;
    const std::int64_t row = block.x() * kDrawRows + t / kDrawLanes;
    if (row >= d.rows) return;
    const kernels::RowKey key = kernels::noise_key(d.seed, row);
    for (std::int64_t j = t % kDrawLanes; j < d.width; j += kDrawLanes) {
      const std::int64_t place = row * d.width + j;
      const kernels::GaussianEntry slope =
          kernels::draw_gradient(kernels::entry_of(d, row, j), kernels::normal_noise(key, j), g.sample_gradient[place],
                                 g.divergence_gradient[row]);
      write(slope.mean, g.mean_gradient + place);
      write(slope.s, g.log_variance_gradient + place);
      if (g.prior_mean_gradient == nullptr) continue;
      g.prior_mean_gradient[place] = slope.prior_mean;
      g.prior_log_variance_gradient[place] = slope.prior_s;
    }
  });
}

}  // namespace infomtl::ops::cuda
