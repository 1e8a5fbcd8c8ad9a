#pragma once
// A draw from a Gaussian and its KL to a prior as kernels see them: what they are told, and the arithmetic of an entry,
// which kernels and tests share. No torch; C++17, as device code is.

#include <cstdint>

#include "ops/noise_elements.h"

namespace infomtl::ops::kernels {

template <class T>
struct DrawRows {
  std::int64_t rows, width;
  const T* mean;                    ///< [rows, width]
  const T* log_variance;            ///< [rows, width]
  const float* prior_mean;          ///< null of both: N(0, 1)
  const float* prior_log_variance;  ///< [rows, width], or [width]
  std::int64_t prior_stride;        ///< width, or 0
  std::uint64_t seed;               ///< of the noise
  float* sample;                    ///< [rows, width]
  float* divergence;                ///< [rows], summed over the row
};

/// What it reads of `of`: all but the results.
template <class T>
struct DrawRowsGradient {
  DrawRows<T> of;
  const float* sample_gradient;      ///< [rows, width]
  const float* divergence_gradient;  ///< [rows]
  T* mean_gradient;                  ///< [rows, width]
  T* log_variance_gradient;
  float* prior_mean_gradient;  ///< [rows, width], whatever the prior's shape; null of both: not wanted
  float* prior_log_variance_gradient;
};

/// An entry of N(mean, e^s) beside its prior.
struct GaussianEntry {
  float mean, s, prior_mean, prior_s;
};

namespace {

INFOMTL_INLINE float drawn(const GaussianEntry& e, float noise) { return e.mean + expf(0.5f * e.s) * noise; }

// (e^r - 1 - r + (m - prior m)^2 / e^prior_s) / 2 with r = s - prior_s; e^r - 1 - r is second order in r.
INFOMTL_INLINE float divergence(const GaussianEntry& e) {
  const float ratio = e.s - e.prior_s, apart = e.mean - e.prior_mean;
  return 0.5f * ((expm1f(ratio) - ratio) + apart * apart * expf(-e.prior_s));
}

// Gradients of an entry from those in the drawn number and in the divergence.
INFOMTL_INLINE GaussianEntry draw_gradient(const GaussianEntry& e, float noise, float of_drawn, float of_divergence) {
  const float rise = expm1f(e.s - e.prior_s), precision = expf(-e.prior_s);
  const float pull = (e.mean - e.prior_mean) * precision;
  return {of_drawn + of_divergence * pull, 0.5f * (of_drawn * expf(0.5f * e.s) * noise + of_divergence * rise),
          -of_divergence * pull, -0.5f * of_divergence * (rise + pull * (e.mean - e.prior_mean))};
}

template <class T>
INFOMTL_INLINE GaussianEntry entry_of(const DrawRows<T>& d, std::int64_t row, std::int64_t column) {
  const std::int64_t place = row * d.width + column, prior = row * d.prior_stride + column;
  const bool standard = d.prior_mean == nullptr;
  return {widened(d.mean[place]), widened(d.log_variance[place]), standard ? 0.0f : d.prior_mean[prior],
          standard ? 0.0f : d.prior_log_variance[prior]};
}

}  // namespace
}  // namespace infomtl::ops::kernels
