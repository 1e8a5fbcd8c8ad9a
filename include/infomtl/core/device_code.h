#pragma once
// Marks of functions that run on the CPU and, where nvcc compiles them, on a GPU, too: the arithmetic of an element, which
// loops, kernels and tests share. No torch; C++17, as device code is.

#if defined(__CUDACC__)
#define INFOMTL_HOST_DEVICE __host__ __device__
#else
#define INFOMTL_HOST_DEVICE
#endif
#if defined(__CUDA_ARCH__)
#define INFOMTL_PRAGMA(text) _Pragma(#text)
#define INFOMTL_UNROLL(times) INFOMTL_PRAGMA(unroll times)  // of the next loop, wholly where no number is given
#else
#define INFOMTL_UNROLL(times)
#endif
#define INFOMTL_INLINE inline INFOMTL_HOST_DEVICE __attribute__((always_inline))
