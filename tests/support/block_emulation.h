#pragma once
// Runs the bodies of CUDA kernels on the CPU, block after block and thread after thread, in either order of threads: where
// a barrier is missing the two differ. Shared memory starts as NaN. What this cannot show is how a GPU schedules, and the
// speed.

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "infomtl/core/thread_block.h"

namespace infomtl::testing {

/// body(block) for every block of a grid.
template <int kThreads, class Body>
void for_each_block(std::int64_t x, std::int64_t y, std::int64_t z, bool backwards, Body body) {
  for (std::int64_t i = 0; i < x * y * z; ++i) {
    body(cuda::EmulatedBlock<kThreads>{{i % x, i / x % y, i / x / y}, backwards});
  }
}

/// Shared memory of a block, all of it NaN: what is read before it is written shows.
template <class Shared>
std::unique_ptr<Shared> poisoned() {
  auto shared = std::make_unique<Shared>();
  std::memset(static_cast<void*>(shared.get()), 0xff, sizeof(Shared));
  return shared;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

}  // namespace infomtl::testing
