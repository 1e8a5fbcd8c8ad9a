#pragma once
// The arithmetic of an element, once for the CPU's loops, for device code and for tests: storage types, the dropout
// pattern's hash, exponential, GELU, the pieces of layer norm and of softmax. No torch; C++17, as device code is.
//
// Everything here is local to the file that includes it: the CPU's loops are compiled for several instruction sets, and
// no two of them may be merged.

#include <math.h>

#include <cstdint>

#include "infomtl/core/device_code.h"
#include "ops/packed/kernel_arguments.h"

namespace infomtl::ops::kernels {

/// What the hash of a dropout pattern takes from a row.
struct RowKey {
  std::uint32_t first, second;
};
/// 2 Phi(x) and e^(-x^2 / 2).
struct NormalValues {
  float twice_distribution, bell;
};
/// The greatest score so far, and the sum of exponentials relative to it.
struct OnlineSoftmax {
  float greatest, total;
};

namespace {

// bfloat16 to float is exact; back it is rounded to the nearest, ties to even, and a NaN stays one.
template <class T>
INFOMTL_INLINE T widened(T x) {
  return x;
}
INFOMTL_INLINE float widened(BFloat16 x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x.bits) << 16;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}
INFOMTL_INLINE BFloat16 narrowed(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
  return {static_cast<std::uint16_t>(x == x ? rounded : 0x7fc0U)};
}

INFOMTL_INLINE std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// The hash of a dropout pattern at (row, column): what depends on the row, and the rest.
INFOMTL_INLINE RowKey row_key(const DropoutPattern& pattern, std::int64_t row) {
  const std::uint64_t key = mix(pattern.seed + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(row));
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}
INFOMTL_INLINE std::uint32_t pattern_hash(RowKey key, std::uint32_t column) {
  std::uint32_t h = column * 0x9e3779b9U + key.first;
  h ^= h >> 16;
  h *= 0x21f0aaadU;
  h ^= h >> 15;
  h += key.second;
  h *= 0x735a2d97U;
  h ^= h >> 15;
  return h;
}
// 0 or scale. A threshold of 0 drops nothing.
template <class C>
INFOMTL_INLINE C dropout_factor(RowKey key, std::uint32_t column, std::uint32_t threshold, C scale) {
  return pattern_hash(key, column) < threshold ? C(0) : scale;
}

// e^x for x <= 0: Cody-Waite reduction by ln 2 and a polynomial, about 1 unit in the last place.
INFOMTL_INLINE float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  const float rounded = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
  const float r = (x - rounded * 0.693145752f) - rounded * 1.42860677e-6f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const std::int32_t bits = (static_cast<std::int32_t>(rounded) + 127) << 23;
  float power;
  __builtin_memcpy(&power, &bits, sizeof power);
  return p * power;
}
INFOMTL_INLINE double exponential(double x) { return exp(x); }

// 2 Phi(x) = 1 + erf(x / sqrt 2), and e^(-x^2 / 2), which the derivative wants and which comes out on the way: erf by
// formula 7.1.26 of Abramowitz and Stegun, 1.5e-7 at most off.
INFOMTL_INLINE NormalValues normal_values(float x) {
  const float a = (x < 0 ? -x : x) * 0.707106781f;
  const float bell = exponential(-a * a);
  const float t = 1.0f / (1.0f + 0.3275911f * a);
  const float tail =
      t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f)))) * bell;
  return {x < 0 ? tail : 2.0f - tail, bell};
}

// x Phi(x) and its derivative Phi(x) + x phi(x).
INFOMTL_INLINE float gelu_value(float x) { return 0.5f * x * normal_values(x).twice_distribution; }
INFOMTL_INLINE float gelu_slope(float x) {
  const NormalValues n = normal_values(x);
  return 0.5f * n.twice_distribution + 0.398942280f * x * n.bell;
}
INFOMTL_INLINE double gelu_value(double x) { return 0.5 * x * erfc(-x * 0.70710678118654752440); }
INFOMTL_INLINE double gelu_slope(double x) {
  return 0.5 * erfc(-x * 0.70710678118654752440) + 0.39894228040143267794 * x * exp(-0.5 * x * x);
}

// Layer norm. `squares` is the sum of squared deviations of a row.
template <class C>
INFOMTL_INLINE C inverse_deviation(C squares, std::int64_t width, double epsilon) {
  return C(1) / static_cast<C>(sqrt(static_cast<double>(squares) / static_cast<double>(width) + epsilon));
}
template <class C>
INFOMTL_INLINE C standardised(C x, C mean, C inverse) {
  return (x - mean) * inverse;
}
// Of an entry of the norm's input. g: gradient times weight; total, along: means over the row of g and of g * normed.
template <class C>
INFOMTL_INLINE C norm_gradient(C g, C normed, C inverse, C total, C along) {
  return inverse * (g - total - normed * along);
}

// Softmax over scores that come in pieces.
INFOMTL_INLINE OnlineSoftmax no_scores() { return {-INFINITY, 0.0f}; }
// Moves the reference up to the greatest of the next piece; @return what sums made so far are to be multiplied by.
INFOMTL_INLINE float raise(OnlineSoftmax& softmax, float greatest_of_piece) {
  const float greatest = greatest_of_piece > softmax.greatest ? greatest_of_piece : softmax.greatest;
  const float correction = exponential(softmax.greatest - greatest);
  softmax.greatest = greatest;
  softmax.total *= correction;
  return correction;
}
// Of a score: p its probability, d the gradient with respect to it, along: sum over the row of p d.
template <class C>
INFOMTL_INLINE C gradient_of_score(C p, C d, C along, C scale) {
  return p * (d - along) * scale;
}

}  // namespace
}  // namespace infomtl::ops::kernels
