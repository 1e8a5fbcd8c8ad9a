// Dropout, GELU, layer norm and sums of rows on a GPU: launches of the bodies in row_bodies.h.
#include "ops/packed/cuda/kernels.h"

namespace infomtl::ops::cuda {
namespace {

using infomtl::cuda::DeviceBlock;
using RowBlock = DeviceBlock<kRowThreads>;

template <class T, int n>
__global__ void __launch_bounds__(kRowThreads) dropout_kernel(const DropoutRows<T> d) {
  dropout_body<T, n>(RowBlock{}, d);
}
template <class T, int n>
__global__ void __launch_bounds__(kRowThreads) gelu_kernel(const Gelu<T> g) {
  gelu_body<T, n>(RowBlock{}, g);
}
template <class T, int n>
__global__ void __launch_bounds__(kRowThreads) residual_norm_kernel(const ResidualNorm<T> m) {
  residual_norm_body<T, n>(RowBlock{}, m);
}
template <class T, int n>
__global__ void __launch_bounds__(kRowThreads)
    residual_norm_gradient_kernel(const ResidualNormGradient<T> m, float* const parts) {
  residual_norm_gradient_body<T, n>(RowBlock{}, m, parts);
}
__global__ void __launch_bounds__(kPartsThreads)
    add_parts_kernel(const float* const parts, const std::int64_t count, const std::int64_t width,
                     float* const weight_gradient, float* const bias_gradient) {
  __shared__ float strands[kPartsThreads];
  add_parts_body(DeviceBlock<kPartsThreads>{}, parts, count, width, weight_gradient, bias_gradient, strands);
}
template <class T, int n>
__global__ void __launch_bounds__(kRowThreads) embedding_sum_kernel(const EmbeddingRows<T> e) {
  embedding_sum_body<T, n>(RowBlock{}, e);
}
template <class T>
__global__ void __launch_bounds__(kRowThreads) add_rows_kernel(const AddRows<T> a) {
  add_rows_body<T>(RowBlock{}, a);
}

unsigned pieces(std::int64_t count, std::int64_t size) {
  return static_cast<unsigned>(infomtl::cuda::blocks_for(count, size));
}

// Whether rows of this width can be read in packs from these addresses.
template <class... Pointers>
bool packs_fit(std::int64_t width, Pointers... pointers) {
  const auto fits = [](const auto* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer) % (kPack * sizeof(*pointer)) == 0;
  };
  return width % kPack == 0 && (fits(pointers) && ...);
}

}  // namespace

template <class T>
cudaError_t launch_dropout(const DropoutRows<T>& d, cudaStream_t stream) {
  if (d.rows == 0 || d.width == 0) return cudaSuccess;
  const unsigned blocks = pieces(d.rows, kRowsPerBlock);
  if (packs_fit(d.width, d.x, d.out)) {
    dropout_kernel<T, kPack><<<blocks, kRowThreads, 0, stream>>>(d);
  } else {
    dropout_kernel<T, 1><<<blocks, kRowThreads, 0, stream>>>(d);
  }
  return cudaGetLastError();
}

template <class T>
cudaError_t launch_gelu(const Gelu<T>& g, cudaStream_t stream) {
  if (g.count == 0) return cudaSuccess;
  if (packs_fit(g.count, g.x, g.gradient, g.out)) {
    gelu_kernel<T, kPack><<<pieces(g.count, kRowThreads * kPack), kRowThreads, 0, stream>>>(g);
  } else {
    gelu_kernel<T, 1><<<pieces(g.count, kRowThreads), kRowThreads, 0, stream>>>(g);
  }
  return cudaGetLastError();
}

template <class T>
cudaError_t launch_residual_norm(const ResidualNorm<T>& m, cudaStream_t stream) {
  if (m.rows == 0) return cudaSuccess;
  const unsigned blocks = pieces(m.rows, kRowsPerBlock);
  if (packs_fit(m.width, m.x, m.residual, m.sum, m.out, m.weight, m.bias)) {
    residual_norm_kernel<T, kPack><<<blocks, kRowThreads, 0, stream>>>(m);
  } else {
    residual_norm_kernel<T, 1><<<blocks, kRowThreads, 0, stream>>>(m);
  }
  return cudaGetLastError();
}

template <class T>
cudaError_t launch_residual_norm_gradient(const ResidualNormGradient<T>& m, float* parts, cudaStream_t stream) {
  if (m.rows == 0 || m.width == 0) return cudaSuccess;
  const unsigned blocks = pieces(m.rows, kNormRows);
  if (packs_fit(m.width, m.gradient, m.sum, m.sum_gradient, m.x_gradient, m.weight)) {
    residual_norm_gradient_kernel<T, kPack><<<blocks, kRowThreads, 0, stream>>>(m, parts);
  } else {
    residual_norm_gradient_kernel<T, 1><<<blocks, kRowThreads, 0, stream>>>(m, parts);
  }
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess) return error;
  add_parts_kernel<<<pieces(2 * m.width, kWarp), kPartsThreads, 0, stream>>>(parts, blocks, m.width, m.weight_gradient,
                                                                             m.bias_gradient);
  return cudaGetLastError();
}

template <class T>
cudaError_t launch_embedding_sum(const EmbeddingRows<T>& e, cudaStream_t stream) {
  if (e.rows == 0 || e.width == 0) return cudaSuccess;
  bool packs = packs_fit(e.width, e.out);
  for (int k = 0; k < e.tables; ++k) packs = packs && packs_fit(e.width, e.table[k]);
  const unsigned blocks = pieces(e.rows, kRowsPerBlock);
  if (packs) {
    embedding_sum_kernel<T, kPack><<<blocks, kRowThreads, 0, stream>>>(e);
  } else {
    embedding_sum_kernel<T, 1><<<blocks, kRowThreads, 0, stream>>>(e);
  }
  return cudaGetLastError();
}

template <class T>
cudaError_t launch_add_rows(const AddRows<T>& a, cudaStream_t stream) {
  if (a.rows == 0 || a.width == 0) return cudaSuccess;
  const dim3 blocks(static_cast<unsigned>(a.rows), pieces(a.width, kRowThreads));
  add_rows_kernel<T><<<blocks, kRowThreads, 0, stream>>>(a);
  return cudaGetLastError();
}

#define INFOMTL_LAUNCHES_OF(T)                                                                              \
  template cudaError_t launch_dropout(const DropoutRows<T>&, cudaStream_t);                                 \
  template cudaError_t launch_gelu(const Gelu<T>&, cudaStream_t);                                           \
  template cudaError_t launch_residual_norm(const ResidualNorm<T>&, cudaStream_t);                          \
  template cudaError_t launch_residual_norm_gradient(const ResidualNormGradient<T>&, float*, cudaStream_t); \
  template cudaError_t launch_embedding_sum(const EmbeddingRows<T>&, cudaStream_t);                         \
  template cudaError_t launch_add_rows(const AddRows<T>&, cudaStream_t);
INFOMTL_LAUNCHES_OF(float)
INFOMTL_LAUNCHES_OF(kernels::BFloat16)
#undef INFOMTL_LAUNCHES_OF

}  // namespace infomtl::ops::cuda
