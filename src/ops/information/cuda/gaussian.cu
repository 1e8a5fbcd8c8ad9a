// Normal noise, a draw from a Gaussian and its KL to a prior on a GPU: launches of the bodies in gaussian_bodies.h.
#include "ops/information/cuda/gaussian_bodies.h"
#include "ops/information/cuda/kernels.h"

namespace infomtl::ops::cuda {
namespace {

using DrawBlock = infomtl::cuda::DeviceBlock<kDrawThreads>;

__global__ void __launch_bounds__(kDrawThreads) noise_kernel(const kernels::NoiseRows noise) {
  noise_body(DrawBlock{}, noise);
}
template <class T>
__global__ void __launch_bounds__(kDrawThreads) draw_kernel(const DrawRows<T> draw) {
  draw_body(DrawBlock{}, draw);
}
template <class T>
__global__ void __launch_bounds__(kDrawThreads) draw_gradient_kernel(const DrawRowsGradient<T> gradient) {
  draw_gradient_body(DrawBlock{}, gradient);
}

unsigned blocks_of(std::int64_t rows) { return static_cast<unsigned>(infomtl::cuda::blocks_for(rows, kDrawRows)); }

}  // namespace

cudaError_t launch_noise(const kernels::NoiseRows& noise, cudaStream_t stream) {
  if (noise.rows == 0 || noise.width == 0) return cudaSuccess;
  noise_kernel<<<blocks_of(noise.rows), kDrawThreads, 0, stream>>>(noise);
  return cudaGetLastError();
}
template <class T>
cudaError_t launch_draw(const DrawRows<T>& draw, cudaStream_t stream) {
  if (draw.rows == 0) return cudaSuccess;
  draw_kernel<T><<<blocks_of(draw.rows), kDrawThreads, 0, stream>>>(draw);
  return cudaGetLastError();
}
template <class T>
cudaError_t launch_draw_gradient(const DrawRowsGradient<T>& gradient, cudaStream_t stream) {
  if (gradient.of.rows == 0) return cudaSuccess;
  draw_gradient_kernel<T><<<blocks_of(gradient.of.rows), kDrawThreads, 0, stream>>>(gradient);
  return cudaGetLastError();
}

template cudaError_t launch_draw(const DrawRows<float>&, cudaStream_t);
template cudaError_t launch_draw(const DrawRows<kernels::BFloat16>&, cudaStream_t);
template cudaError_t launch_draw_gradient(const DrawRowsGradient<float>&, cudaStream_t);
template cudaError_t launch_draw_gradient(const DrawRowsGradient<kernels::BFloat16>&, cudaStream_t);

}  // namespace infomtl::ops::cuda
