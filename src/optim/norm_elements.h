#pragma once
// The arithmetic of a gradient's norm and of clipping by it, once for the CPU's loops, for device code and for tests. No
// torch; C++17, as device code is.

#include <math.h>

#include <cstdint>

#include "infomtl/core/device_code.h"

namespace infomtl {

/// Entries of a partial sum. Partial sums lie at fixed places, so that the norm depends on no number of threads.
constexpr std::int64_t kNormChunk = 1 << 15;
inline std::int64_t norm_chunks(std::int64_t count) { return (count + kNormChunk - 1) / kNormChunk; }

/// In float64, where the square of a float32 is exact.
INFOMTL_INLINE double squared(float x) {
  const double wide = x;
  return wide * wide;
}

/// min(1, most / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ has it; NaN for a norm that is NaN.
INFOMTL_INLINE double clip_factor(double norm, double most) {
  const double factor = most / (norm + 1e-6);
  return factor > 1.0 ? 1.0 : factor;
}

/// What a device multiplies a gradient with that the host has not looked at: clip_factor(), or 1 without a limit (0); NaN
/// for a norm that is not finite.
INFOMTL_INLINE double unseen_factor(double norm, double most) {
  if (norm - norm != 0.0) return NAN;
  return most > 0 ? clip_factor(norm, most) : 1.0;
}

/// Whether a factor shortens. One that is NaN does not.
INFOMTL_INLINE bool shortens(double factor) { return factor < 1.0; }

}  // namespace infomtl
