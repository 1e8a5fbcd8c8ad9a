#pragma once
// How a kernel's body is written: phases over the threads of a block, each ended by a barrier, so that the very same
// body runs as device code and, in tests, thread after thread on the CPU. C++17, no torch.
//
//   block.each([&](int t) { shared.row[t] = 2.0f * t; });          // a phase; its barrier is part of it
//   block.template combine<8>(sums, Sum{});                        // over each 8 neighbouring threads
//
// What a thread keeps from one phase to the next is a Private value. Within a phase no thread reads what another one
// writes: the emulation runs the threads in either order, and the results must agree bit for bit.

#include <cstdint>

#include "infomtl/core/device_code.h"

namespace infomtl::cuda {

/// How many blocks, chunks, parts of `size` cover `count`.
constexpr std::int64_t blocks_for(std::int64_t count, std::int64_t size) { return (count + size - 1) / size; }

/// n numbers of one thread.
template <int n>
struct Floats {
  float at[n];
};

struct Sum {
  INFOMTL_INLINE float operator()(float a, float b) const { return a + b; }
};
struct Greatest {
  INFOMTL_INLINE float operator()(float a, float b) const { return a > b ? a : b; }
};

#if defined(__CUDACC__)
/// A block of threads of a GPU.
template <int kThreadCount>
struct DeviceBlock {
  static constexpr int kThreads = kThreadCount;

  template <class Value>
  struct Private {
    Value value;
    INFOMTL_INLINE Value& operator[](int /*thread*/) { return value; }
  };

  INFOMTL_INLINE std::int64_t x() const {
#if defined(__CUDA_ARCH__)
    return blockIdx.x;
#else
    return 0;
#endif
  }
  INFOMTL_INLINE std::int64_t y() const {
#if defined(__CUDA_ARCH__)
    return blockIdx.y;
#else
    return 0;
#endif
  }
  INFOMTL_INLINE std::int64_t z() const {
#if defined(__CUDA_ARCH__)
    return blockIdx.z;
#else
    return 0;
#endif
  }

  template <class Phase>
  INFOMTL_INLINE void each(Phase phase) const {
#if defined(__CUDA_ARCH__)
    phase(static_cast<int>(threadIdx.x));
    __syncthreads();
#endif
  }

  /// Every thread gets the combination over its group of kGroup (a power of two, at most 32), in one fixed order.
  template <int kGroup, int n, class Operation>
  INFOMTL_INLINE void combine(Private<Floats<n>>& values, Operation operation) const {
#if defined(__CUDA_ARCH__)
#pragma unroll
    for (int distance = kGroup / 2; distance > 0; distance /= 2) {
#pragma unroll
      for (int i = 0; i < n; ++i) {
        values.value.at[i] = operation(values.value.at[i], __shfl_xor_sync(0xffffffffU, values.value.at[i], distance));
      }
    }
#endif
  }
};
#endif

/// The same on a CPU, one thread after another, forwards or backwards.
template <int kThreadCount>
struct EmulatedBlock {
  static constexpr int kThreads = kThreadCount;

  template <class Value>
  struct Private {
    Value values[kThreadCount];
    Value& operator[](int thread) { return values[thread]; }
  };

  std::int64_t place[3] = {0, 0, 0};
  bool backwards = false;

  std::int64_t x() const { return place[0]; }
  std::int64_t y() const { return place[1]; }
  std::int64_t z() const { return place[2]; }

  template <class Phase>
  void each(Phase phase) const {
    for (int t = 0; t < kThreads; ++t) phase(backwards ? kThreads - 1 - t : t);
  }

  template <int kGroup, int n, class Operation>
  void combine(Private<Floats<n>>& values, Operation operation) const {
    for (int distance = kGroup / 2; distance > 0; distance /= 2) {
      const Private<Floats<n>> before = values;
      for (int t = 0; t < kThreads; ++t) {
        for (int i = 0; i < n; ++i) {
          values[t].at[i] = operation(before.values[t].at[i], before.values[t ^ distance].at[i]);
        }
      }
    }
  }
};

}  // namespace infomtl::cuda
