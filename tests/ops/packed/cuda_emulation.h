#pragma once
// Numbers for the bodies of the packed operations' kernels, in their storage types, and comparisons of what comes out.

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "infomtl/core/random.h"
#include "ops/packed/elements.h"
#include "support/block_emulation.h"

namespace infomtl::testing {

using ops::kernels::BFloat16;

inline float stored(float x, float /*like*/) { return x; }
inline BFloat16 stored(float x, BFloat16 /*like*/) { return ops::kernels::narrowed(x); }

/// Standard normal numbers of a storage type.
template <class T>
std::vector<T> normal_numbers(std::int64_t count, std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<T> numbers(static_cast<std::size_t>(count));
  for (T& number : numbers) number = stored(static_cast<float>(random.normal()), T{});
  return numbers;
}

template <class T>
std::vector<double> doubles(const std::vector<T>& numbers) {
  std::vector<double> wide;
  wide.reserve(numbers.size());
  for (const T& number : numbers) wide.push_back(ops::kernels::widened(number));
  return wide;
}

/// max |actual - expected| / max(1, max |expected|); infinite where sizes differ or a number is not finite.
template <class A, class E>
double difference(const std::vector<A>& actual, const std::vector<E>& expected) {
  if (actual.size() != expected.size()) return INFINITY;
  double worst = 0, size = 1;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double a = ops::kernels::widened(actual[i]), e = ops::kernels::widened(expected[i]);
    if (!std::isfinite(a) || !std::isfinite(e)) return INFINITY;
    worst = std::max(worst, std::abs(a - e));
    size = std::max(size, std::abs(e));
  }
  return worst / size;
}

/// What the rounding of results allows: float32 sums over some hundred terms, or 8 bits of a bfloat16.
template <class T>
double rounding() {
  return std::is_same_v<T, float> ? 1e-5 : 1.0 / 128;
}

}  // namespace infomtl::testing
