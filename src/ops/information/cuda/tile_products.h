#pragma once
// Tiles of rows in shared memory and products of two of them by 256 threads: float32 by multiplications and additions of
// each thread, bfloat16 by the tensor cores with sums in float32. On the CPU a plain loop takes the tensor cores' place.
//
// A product is made piece by piece of its inner dimension; meanwhile its sums stand in the threads' registers (a share).
// Rows of float32 tiles lie 4 floats apart from a multiple of 32, those of bfloat16 16 bytes, so that neighbouring rows
// meet different banks.

#include <cstdint>
#include <type_traits>

#include "infomtl/core/thread_block.h"
#include "ops/packed/elements.h"
#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <mma.h>
#endif

namespace infomtl::ops::cuda {

using infomtl::cuda::Floats;
using kernels::BFloat16;

constexpr int kProductThreads = 256;
constexpr int kTileRows = 64;   ///< of both sides: a tile of scores is square
constexpr int kTileDepth = 32;  ///< columns of rows that are held at a time

/// 64 rows of kWidth numbers.
template <class T, int kWidth>
struct alignas(32) ProductTile {
  static constexpr int kStride = kWidth + 16 / static_cast<int>(sizeof(T));
  T at[kTileRows * kStride];
  INFOMTL_INLINE T& operator()(int row, int column) { return at[row * kStride + column]; }
  INFOMTL_INLINE const T& operator()(int row, int column) const { return at[row * kStride + column]; }
};
template <class T>
using RowTile = ProductTile<T, kTileDepth>;
template <class T>
using SquareTile = ProductTile<T, kTileRows>;

/// Rows first.. and columns column.. of a matrix, zero beyond its end.
template <class T>
INFOMTL_INLINE void load_rows(int thread, const T* matrix, std::int64_t rows, std::int64_t width, std::int64_t first,
                              std::int64_t column, RowTile<T>& tile) {
  const int c = thread % kTileDepth;
  INFOMTL_UNROLL()
  for (int r = thread / kTileDepth; r < kTileRows; r += kProductThreads / kTileDepth) {
    const bool inside = first + r < rows && column + c < width;
    tile(r, c) = inside ? matrix[(first + r) * width + column + c] : T{};
  }
}

// --- float32 ----------------------------------------------------------------------------------------------------------

/// Of a 64 x 64 product: rows 4 (thread / 16) .. + 4, every sixteenth column.
INFOMTL_INLINE void add_product_of_rows(int thread, const RowTile<float>& a, const RowTile<float>& b,
                                        Floats<16>& share) {
  const int row = 4 * (thread / 16), column = thread % 16;
  INFOMTL_UNROLL(4)
  for (int d = 0; d < kTileDepth; ++d) {
    INFOMTL_UNROLL()
    for (int r = 0; r < 4; ++r) {
      INFOMTL_UNROLL()
      for (int c = 0; c < 4; ++c) share.at[4 * r + c] += a(row + r, d) * b(column + 16 * c, d);
    }
  }
}
INFOMTL_INLINE void put_share(int thread, const Floats<16>& share, SquareTile<float>& to) {
  for (int r = 0; r < 4; ++r) {
    for (int c = 0; c < 4; ++c) to(4 * (thread / 16) + r, thread % 16 + 16 * c) = share.at[4 * r + c];
  }
}

/// Of a 64 x 32 product: rows 4 (thread / 16) .. + 4, two columns 16 apart.
INFOMTL_INLINE void add_product(int thread, const SquareTile<float>& a, const RowTile<float>& b, Floats<8>& share) {
  const int row = 4 * (thread / 16), column = thread % 16;
  INFOMTL_UNROLL(4)
  for (int j = 0; j < kTileRows; ++j) {
    INFOMTL_UNROLL()
    for (int r = 0; r < 4; ++r) {
      INFOMTL_UNROLL()
      for (int c = 0; c < 2; ++c) share.at[2 * r + c] += a(row + r, j) * b(j, column + 16 * c);
    }
  }
}
INFOMTL_INLINE void put_share(int thread, const Floats<8>& share, RowTile<float>& to) {
  for (int r = 0; r < 4; ++r) {
    for (int c = 0; c < 2; ++c) to(4 * (thread / 16) + r, thread % 16 + 16 * c) = share.at[2 * r + c];
  }
}

// --- bfloat16 ---------------------------------------------------------------------------------------------------------

constexpr int kFragment = 16;  ///< a warp multiplies 16 x 16 by 16 x 16

/// The sums of a 16 x 16 piece of a product. On the CPU the first thread of a warp has them all.
#if defined(__CUDA_ARCH__)
struct Fragment {
  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, kFragment, kFragment, kFragment, float> sums;
};
#else
struct Fragment {
  float sums[kFragment * kFragment];
};
#endif

INFOMTL_INLINE void clear(Fragment& share) {
#if defined(__CUDA_ARCH__)
  nvcuda::wmma::fill_fragment(share.sums, 0.0f);
#else
  share = {};
#endif
}

/// Adds a b^T (kTransposed) or a b, of pieces that begin at a and b. Both lie row by row.
template <bool kTransposed>
INFOMTL_INLINE void add_fragments(int thread, const BFloat16* a, int a_stride, const BFloat16* b, int b_stride,
                                  Fragment& share) {
#if defined(__CUDA_ARCH__)
  using nvcuda::wmma::fragment;
  using Order = std::conditional_t<kTransposed, nvcuda::wmma::col_major, nvcuda::wmma::row_major>;
  fragment<nvcuda::wmma::matrix_a, kFragment, kFragment, kFragment, __nv_bfloat16, nvcuda::wmma::row_major> left;
  fragment<nvcuda::wmma::matrix_b, kFragment, kFragment, kFragment, __nv_bfloat16, Order> right;
  nvcuda::wmma::load_matrix_sync(left, reinterpret_cast<const __nv_bfloat16*>(a), static_cast<unsigned>(a_stride));
  nvcuda::wmma::load_matrix_sync(right, reinterpret_cast<const __nv_bfloat16*>(b), static_cast<unsigned>(b_stride));
  nvcuda::wmma::mma_sync(share.sums, left, right, share.sums);
#else
  if (thread % 32 != 0) return;
  for (int i = 0; i < kFragment; ++i) {
    for (int j = 0; j < kFragment; ++j) {
      for (int d = 0; d < kFragment; ++d) {
        const BFloat16 other = kTransposed ? b[j * b_stride + d] : b[d * b_stride + j];
        share.sums[i * kFragment + j] += kernels::widened(a[i * a_stride + d]) * kernels::widened(other);
      }
    }
  }
#endif
}
INFOMTL_INLINE void put_fragment(int thread, const Fragment& share, float* to, int stride) {
#if defined(__CUDA_ARCH__)
  nvcuda::wmma::store_matrix_sync(to, share.sums, static_cast<unsigned>(stride), nvcuda::wmma::mem_row_major);
#else
  if (thread % 32 != 0) return;
  for (int i = 0; i < kFragment * kFragment; ++i) to[i / kFragment * stride + i % kFragment] = share.sums[i];
#endif
}

/// Of a 64 x 64 product: a warp has 16 rows and 32 columns.
struct FragmentPair {
  Fragment half[2];
};
INFOMTL_INLINE int fragment_row(int thread) { return thread / 64 * kFragment; }
INFOMTL_INLINE void add_product_of_rows(int thread, const RowTile<BFloat16>& a, const RowTile<BFloat16>& b,
                                        FragmentPair& share) {
  const int row = fragment_row(thread), column = thread / 32 % 2 * 2 * kFragment;
  INFOMTL_UNROLL()
  for (int d = 0; d < kTileDepth; d += kFragment) {
    INFOMTL_UNROLL()
    for (int h = 0; h < 2; ++h) {
      add_fragments<true>(thread, &a(row, d), a.kStride, &b(column + h * kFragment, d), b.kStride, share.half[h]);
    }
  }
}
INFOMTL_INLINE void put_share(int thread, const FragmentPair& share, SquareTile<float>& to) {
  const int row = fragment_row(thread), column = thread / 32 % 2 * 2 * kFragment;
  for (int h = 0; h < 2; ++h) put_fragment(thread, share.half[h], &to(row, column + h * kFragment), to.kStride);
}

/// Of a 64 x 32 product: a warp has 16 rows and 16 columns.
INFOMTL_INLINE void add_product(int thread, const SquareTile<BFloat16>& a, const RowTile<BFloat16>& b,
                                Fragment& share) {
  const int row = fragment_row(thread), column = thread / 32 % 2 * kFragment;
  INFOMTL_UNROLL()
  for (int j = 0; j < kTileRows; j += kFragment) {
    add_fragments<false>(thread, &a(row, j), a.kStride, &b(j, column), b.kStride, share);
  }
}
INFOMTL_INLINE void put_share(int thread, const Fragment& share, RowTile<float>& to) {
  put_fragment(thread, share, &to(fragment_row(thread), thread / 32 % 2 * kFragment), to.kStride);
}

// --- both -------------------------------------------------------------------------------------------------------------

template <int n>
INFOMTL_INLINE void clear(Floats<n>& share) {
  share = {};
}
INFOMTL_INLINE void clear(FragmentPair& share) {
  clear(share.half[0]);
  clear(share.half[1]);
}

/// What a thread holds of a 64 x 64 and of a 64 x 32 product of tiles of T.
template <class T>
struct Shares {
  using Square = Floats<16>;
  using Rows = Floats<8>;
};
template <>
struct Shares<BFloat16> {
  using Square = FragmentPair;
  using Rows = Fragment;
};

INFOMTL_INLINE void put(float x, float& to) { to = x; }
INFOMTL_INLINE void put(float x, BFloat16& to) { to = kernels::narrowed(x); }

}  // namespace infomtl::ops::cuda
