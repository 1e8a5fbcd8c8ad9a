#pragma once
// The norm of a gradient and clipping by it: the bodies of a block. Three kernels, since each needs all of the one before:
// sums of squares of chunks, the norm and its factor, the scaling. The factor stays on the device, nothing waits for it.
// Sums have one order, so that a run repeats bit for bit; there are no atomics.

#include <cstdint>

#include "infomtl/core/thread_block.h"
#include "optim/norm_elements.h"

namespace infomtl::cuda {

constexpr int kNormThreads = 256;
constexpr int kScaleThreads = 256;

/// Sums of a block's threads, in shared memory.
using NormSums = double[kNormThreads];

/// The sum over the threads, found in sums[0] by thread 0 in the next phase: 16 threads add 16 sums each, in order; then
/// thread 0 has to add sums[0], sums[16], ... in order.
template <class Block>
INFOMTL_INLINE void add_sixteens(const Block& block, NormSums& sums) {
  block.each([&](int t) {
    if (t % 16 != 0) return;
    for (int i = 1; i < 16; ++i) sums[t] += sums[t + i];
  });
}
INFOMTL_INLINE double sum_of_sixteens(const NormSums& sums) {
  double sum = 0;
  for (int i = 0; i < kNormThreads; i += 16) sum += sums[i];
  return sum;
}

/// sums[chunk] = sum of x^2 over the chunk, in float64. 4 bytes of memory and 2 FLOPs in float64 per entry. Blocks: x, a
/// chunk of kNormChunk entries each; a thread has every 256th.
template <class Block>
INFOMTL_INLINE void squares_body(const Block& block, const float* x, std::int64_t count, double* sums,
                                 NormSums& shared) {
  block.each([&](int t) {
    const std::int64_t first = block.x() * kNormChunk;
    const std::int64_t end = first + kNormChunk < count ? first + kNormChunk : count;
    double sum = 0;
    INFOMTL_UNROLL(8)
    for (std::int64_t i = first + t; i < end; i += kNormThreads) sum += squared(x[i]);
    shared[t] = sum;
  });
  add_sixteens(block, shared);
  block.each([&](int t) {
    if (t == 0) sums[block.x()] = sum_of_sixteens(shared);
  });
}

/// The norm from the sums of its chunks, and the factor of the gradient, unseen_factor(). 8 bytes and 1 FLOP per chunk. One
/// block; a thread has every 256th chunk.
template <class Block>
INFOMTL_INLINE void norm_body(const Block& block, const double* sums, std::int64_t chunks, double most, double* norm,
                              float* factor, NormSums& shared) {
  block.each([&](int t) {
    double sum = 0;
    for (std::int64_t chunk = t; chunk < chunks; chunk += kNormThreads) sum += sums[chunk];
    shared[t] = sum;
  });
  add_sixteens(block, shared);
  block.each([&](int t) {
    if (t != 0) return;
    *norm = sqrt(sum_of_sixteens(shared));
    *factor = static_cast<float>(unseen_factor(*norm, most));
  });
}

/// x times the factor where that shortens, 0 where it is NaN; else nothing is read or written. 8 bytes of memory and 1 FLOP
/// per entry. Blocks: x, 256 entries each.
template <class Block>
INFOMTL_INLINE void scale_body(const Block& block, float* x, std::int64_t count, const float* factor) {
  block.each([&](int t) {
    const std::int64_t i = block.x() * kScaleThreads + t;
    const float by = *factor;
    if (i < count && !(by >= 1.0f)) x[i] = shortens(by) ? x[i] * by : 0.0f;
  });
}

}  // namespace infomtl::cuda
