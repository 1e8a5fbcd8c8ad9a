#pragma once
// The arithmetic of an entry, once for the CPU's loops, for device code and for tests: what each rule makes of a gradient,
// a value and the value's states. No torch; C++17, as device code is.
//
// An element is made once per range of entries and applied to each: element(gradient, value, states...). kStates says how
// many states it takes.

#include <math.h>

#include "infomtl/core/device_code.h"

namespace infomtl {

/// g <- g + decay x;  m <- m + gain (g - m);  u <- max(beta2 u, |g| + epsilon);  x <- x - rate m / u
struct AdamaxElement {
  static constexpr int kStates = 2;
  float rate, decay, gain, beta2, epsilon;

  INFOMTL_INLINE void operator()(float gradient, float& value, float& moment, float& norm) const {
    const float g = gradient + decay * value;
    moment += gain * (g - moment);
    const float kept = beta2 * norm, fresh = fabsf(g) + epsilon;
    norm = kept > fresh ? kept : fresh;
    value -= rate * moment / norm;
  }
};

/// m <- m + gain1 (g - m);  v <- beta2 v + gain2 g^2;  x <- kept x - rate m / (sqrt(v) inverse_root + epsilon)
struct AdamWElement {
  static constexpr int kStates = 2;
  float rate, kept, gain1, gain2, beta2, inverse_root, epsilon;

  INFOMTL_INLINE void operator()(float gradient, float& value, float& first, float& second) const {
    first += gain1 * (gradient - first);
    second = beta2 * second + gain2 * gradient * gradient;
    value = kept * value - rate * first / (sqrtf(second) * inverse_root + epsilon);
  }
};

/// x <- x - rate (g + decay x)
struct SgdElement {
  static constexpr int kStates = 0;
  float rate, decay;

  INFOMTL_INLINE void operator()(float gradient, float& value) const { value -= rate * (gradient + decay * value); }
};

/// g <- g + decay x;  b <- momentum b + g;  x <- x - rate (fresh g + swing b): b where fresh is 0 and swing 1, ahead along
/// b where they are 1 and the momentum
struct MomentumElement {
  static constexpr int kStates = 1;
  float rate, decay, momentum, fresh, swing;

  INFOMTL_INLINE void operator()(float gradient, float& value, float& velocity) const {
    const float g = gradient + decay * value;
    velocity = momentum * velocity + g;
    value -= rate * (fresh * g + swing * velocity);
  }
};

}  // namespace infomtl
