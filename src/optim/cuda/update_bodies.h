#pragma once
// The optimisers' updates: the body of a block. Memory alone limits it; a thread has one entry, since a multiprocessor full
// of such threads has more reads under way than its share of the memory can answer meanwhile.

#include <cstdint>

#include "infomtl/core/thread_block.h"
#include "optim/update_elements.h"

namespace infomtl::cuda {

constexpr int kUpdateThreads = 256;

/// What the update of a range of entries reads and writes.
template <class Element>
struct EntryUpdate {
  Element element;
  std::int64_t count;
  const float* gradient;  // [count]
  float* value;           // [count]
  float* states[2];       // [count] each, as many as the element has
};

/// One pass: the gradient, the value and each state are read once, all but the gradient written once.
///
///                 bytes per entry   FLOPs, of which divisions and roots
///   Adamax        28                11, 1
///   AdamW         28                14, 2
///   SGD           12                4, 0
///   with momentum 20                9, 0
///
/// Blocks: x, 256 entries each.
template <class Element, class Block>
INFOMTL_INLINE void update_body(const Block& block, const EntryUpdate<Element>& u) {
  block.each([&](int t) {
    const std::int64_t i = block.x() * kUpdateThreads + t;
    if (i >= u.count) return;
    float value = u.value[i], states[2];
    INFOMTL_UNROLL()
    for (int s = 0; s < Element::kStates; ++s) states[s] = u.states[s][i];
    if constexpr (Element::kStates == 0) u.element(u.gradient[i], value);
    if constexpr (Element::kStates == 1) u.element(u.gradient[i], value, states[0]);
    if constexpr (Element::kStates == 2) u.element(u.gradient[i], value, states[0], states[1]);
    u.value[i] = value;
    INFOMTL_UNROLL()
    for (int s = 0; s < Element::kStates; ++s) u.states[s][i] = states[s];
  });
}

}  // namespace infomtl::cuda
