// InfoNCE without a matrix of scores on a GPU: launches of the bodies in contrast_bodies.h.
#include "ops/information/cuda/contrast_bodies.h"
#include "ops/information/cuda/kernels.h"

namespace infomtl::ops::cuda {
namespace {

using ProductBlock = infomtl::cuda::DeviceBlock<kProductThreads>;

// The second launch bound, blocks that share a multiprocessor, is what registers allow without spills. Arguments stay where
// they were passed: a side is chosen at run time, which would else take a copy of them in local memory.

template <class T>
__global__ void __launch_bounds__(kProductThreads, 3)
    contrast_sums_kernel(const __grid_constant__ ContrastSums<T> sums) {
  __shared__ ScoresShared<T> shared;
  contrast_sums_body(ProductBlock{}, sums, shared);
}
template <class T>
__global__ void __launch_bounds__(kProductThreads, 3)
    contrast_gradient_kernel(const __grid_constant__ ContrastGradient<T> gradient) {
  __shared__ ContrastGradientShared<T> shared;
  contrast_gradient_body(ProductBlock{}, gradient, shared);
}

template <class T>
unsigned tiles_of(const Contrast<T>& c, bool of_keys) {
  return static_cast<unsigned>(infomtl::cuda::blocks_for(of_keys ? c.keys.count : c.anchors.count, kTileRows));
}

}  // namespace

template <class T>
cudaError_t launch_contrast_sums(const ContrastSums<T>& sums, cudaStream_t stream) {
  if (tiles_of(sums.of, sums.of_keys) == 0) return cudaSuccess;
  contrast_sums_kernel<T><<<tiles_of(sums.of, sums.of_keys), kProductThreads, 0, stream>>>(sums);
  return cudaGetLastError();
}
template <class T>
cudaError_t launch_contrast_gradient(const ContrastGradient<T>& gradient, cudaStream_t stream) {
  if (tiles_of(gradient.of, gradient.of_keys) == 0) return cudaSuccess;
  contrast_gradient_kernel<T><<<tiles_of(gradient.of, gradient.of_keys), kProductThreads, 0, stream>>>(gradient);
  return cudaGetLastError();
}

template cudaError_t launch_contrast_sums(const ContrastSums<float>&, cudaStream_t);
template cudaError_t launch_contrast_sums(const ContrastSums<kernels::BFloat16>&, cudaStream_t);
template cudaError_t launch_contrast_gradient(const ContrastGradient<float>&, cudaStream_t);
template cudaError_t launch_contrast_gradient(const ContrastGradient<kernels::BFloat16>&, cudaStream_t);

}  // namespace infomtl::ops::cuda
