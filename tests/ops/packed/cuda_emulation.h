#pragma once
// Runs the bodies of CUDA kernels on the CPU, block after block and thread after thread, in either order of threads: where
// a barrier is missing the two differ. Shared memory starts as NaN. What this cannot show is how a GPU schedules, and the
// speed.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "infomtl/core/random.h"
#include "ops/packed/cuda/block.h"

namespace infomtl::testing {

using ops::kernels::BFloat16;

/// body(block) for every block of a grid.
template <int kThreads, class Body>
void for_each_block(std::int64_t x, std::int64_t y, std::int64_t z, bool backwards, Body body) {
  for (std::int64_t i = 0; i < x * y * z; ++i) {
    body(ops::cuda::EmulatedBlock<kThreads>{{i % x, i / x % y, i / x / y}, backwards});
  }
}

/// Shared memory of a block, all of it NaN: what is read before it is written shows.
template <class Shared>
std::unique_ptr<Shared> poisoned() {
  auto shared = std::make_unique<Shared>();
  std::memset(static_cast<void*>(shared.get()), 0xff, sizeof(Shared));
  return shared;
}

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

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// What the rounding of results allows: float32 sums over some hundred terms, or 8 bits of a bfloat16.
template <class T>
double rounding() {
  return std::is_same_v<T, float> ? 1e-5 : 1.0 / 128;
}

}  // namespace infomtl::testing
