#pragma once
// InfoNCE as kernels see it: what they are told, and the arithmetic of a pair, which kernels and tests share. No torch;
// C++17, as device code is.
//
// All pairs of an anchor i and a key j have a score s_ij; none of them is kept. Passes over the scores write, of each row,
// its log-sum-exp; passes over the same scores, computed again, write gradients.

#include <cstdint>

#include "ops/packed/elements.h"

namespace infomtl::ops::kernels {

/// Rows of one side.
template <class T>
struct ContrastRows {
  std::int64_t count;
  const T* rows;                ///< [count, width]
  const float* scale;           ///< [count], which products of the row are multiplied by; null: 1
  const std::int64_t* numbers;  ///< [count] of both sides: pairs of equal numbers are ignored; null of both: none are
};

template <class T>
struct Contrast {
  std::int64_t width;
  float inverse_temperature;
  ContrastRows<T> anchors, keys;
  const std::int64_t* positive;  ///< [anchors], the key of each; null: key i is that of anchor i
};

/// The log-sum-exp of a row of scores in two parts: e^(s - greatest) / e^log_total is the softmax without lost digits.
struct LogSum {
  float greatest, log_total;
};

/// Of every anchor over the keys, or (of_keys) of every key over the anchors.
template <class T>
struct ContrastSums {
  Contrast<T> of;
  bool of_keys;
  LogSum* sums;   ///< [anchors] or [keys]; of a key that all anchors ignore (-inf, -inf)
  float* picked;  ///< [anchors], the score with the positive; not written for keys
};

/// The gradient in the rows of one side, before temperature and length of a row: sum over the others of dL/ds times other.
template <class T>
struct ContrastGradient {
  Contrast<T> of;
  bool of_keys;
  const LogSum* anchor_sums;  ///< [anchors]
  const LogSum* key_sums;     ///< [keys]; null: one direction only, anchors tell keys apart
  const float* key_counts;    ///< [keys], whose positive the key is how often; null with key_sums
  float* gradient;            ///< [anchors or keys, width]
};

namespace {

template <class T>
INFOMTL_INLINE bool is_positive(const Contrast<T>& c, std::int64_t anchor, std::int64_t key) {
  return (c.positive == nullptr ? anchor : c.positive[anchor]) == key;
}

// A pair's score from the inner product of its rows; -inf where the pair is ignored, which no positive is.
template <class T>
INFOMTL_INLINE float contrast_score(const Contrast<T>& c, std::int64_t anchor, std::int64_t key, float product) {
  const bool equal = c.anchors.numbers != nullptr && c.anchors.numbers[anchor] == c.keys.numbers[key];
  if (equal && !is_positive(c, anchor, key)) return -INFINITY;
  if (c.anchors.scale != nullptr) product *= c.anchors.scale[anchor] * c.keys.scale[key];
  return product * c.inverse_temperature;
}

// The share of a score in a sum of exponentials relative to `greatest`; exactly 0 where the pair is ignored.
INFOMTL_INLINE float share_of(float score, float greatest) {
  return score == -INFINITY ? 0.0f : exponential(score - greatest);
}
INFOMTL_INLINE float share_of(float score, const LogSum& sum) {
  return score == -INFINITY ? 0.0f : exponential(score - sum.greatest - sum.log_total);
}

// Moves the reference of a sum so far up to the greatest of its next piece, which may be -inf.
INFOMTL_INLINE void raise_reference(OnlineSoftmax& so_far, float greatest) {
  if (greatest > so_far.greatest) {
    so_far.total *= exponential(so_far.greatest - greatest);
    so_far.greatest = greatest;
  }
}

// dL/ds of a pair: the softmax over the keys, or the mean of that and the one over the anchors (once for each anchor whose
// positive the key is), less the positive.
template <class T>
INFOMTL_INLINE float contrast_slope(const ContrastGradient<T>& g, std::int64_t anchor, std::int64_t key, float score) {
  float slope = share_of(score, g.anchor_sums[anchor]);
  if (g.key_sums != nullptr) {
    const float count = g.key_counts[key];
    slope = 0.5f * (slope + (count > 0 ? count * share_of(score, g.key_sums[key]) : 0.0f));
  }
  return is_positive(g.of, anchor, key) ? slope - 1.0f : slope;
}

}  // namespace
}  // namespace infomtl::ops::kernels
