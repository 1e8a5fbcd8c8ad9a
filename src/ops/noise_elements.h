#pragma once
// Normal noise as kernels see it: what they are told, and the number of a place, which the CPU's loop, kernels and tests
// share. No torch; C++17, as device code is.

#include <cstdint>

#include "ops/packed/elements.h"

namespace infomtl::ops::kernels {

struct NoiseRows {
  std::uint64_t seed;
  std::int64_t rows, width;
  float* numbers;  ///< [rows, width]
};

namespace {

INFOMTL_INLINE RowKey noise_key(std::uint64_t seed, std::int64_t row) { return row_key({seed, 0, 1.0}, row); }

// Box-Muller from two hashes; the first as a number in (0, 1], the second as an angle.
INFOMTL_INLINE float normal_noise(RowKey key, std::int64_t column) {
  const auto place = static_cast<std::uint32_t>(2 * column);
  const float uniform = (static_cast<float>(pattern_hash(key, place)) + 0.5f) * 2.32830644e-10f;
  const float angle = static_cast<float>(pattern_hash(key, place + 1)) * 1.46291808e-9f;  // 2 pi / 2^32
  return sqrtf(-2.0f * logf(uniform)) * cosf(angle);
}

}  // namespace
}  // namespace infomtl::ops::kernels
