// The optimisers' updates, the norm of a gradient and clipping by it on a GPU: launches of the bodies in update_bodies.h
// and norm_bodies.h.
#include "optim/cuda/kernels.h"

namespace infomtl::cuda {
namespace {

template <class Element>
__global__ void __launch_bounds__(kUpdateThreads) update_kernel(const EntryUpdate<Element> update) {
  update_body(DeviceBlock<kUpdateThreads>{}, update);
}
__global__ void __launch_bounds__(kNormThreads)
    squares_kernel(const float* const x, const std::int64_t count, double* const sums) {
  __shared__ NormSums shared;
  squares_body(DeviceBlock<kNormThreads>{}, x, count, sums, shared);
}
__global__ void __launch_bounds__(kNormThreads)
    norm_kernel(const double* const sums, const std::int64_t chunks, const double most, double* const norm,
                float* const factor) {
  __shared__ NormSums shared;
  norm_body(DeviceBlock<kNormThreads>{}, sums, chunks, most, norm, factor, shared);
}
__global__ void __launch_bounds__(kScaleThreads)
    scale_kernel(float* const x, const std::int64_t count, const float* const factor) {
  scale_body(DeviceBlock<kScaleThreads>{}, x, count, factor);
}

unsigned pieces(std::int64_t count, std::int64_t size) { return static_cast<unsigned>(blocks_for(count, size)); }

}  // namespace

template <class Element>
cudaError_t launch_update(const EntryUpdate<Element>& update, cudaStream_t stream) {
  if (update.count == 0) return cudaSuccess;
  update_kernel<<<pieces(update.count, kUpdateThreads), kUpdateThreads, 0, stream>>>(update);
  return cudaGetLastError();
}
template cudaError_t launch_update(const EntryUpdate<AdamaxElement>&, cudaStream_t);
template cudaError_t launch_update(const EntryUpdate<AdamWElement>&, cudaStream_t);
template cudaError_t launch_update(const EntryUpdate<SgdElement>&, cudaStream_t);
template cudaError_t launch_update(const EntryUpdate<MomentumElement>&, cudaStream_t);

cudaError_t launch_squares(const float* x, std::int64_t count, double* sums, cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  squares_kernel<<<pieces(count, kNormChunk), kNormThreads, 0, stream>>>(x, count, sums);
  return cudaGetLastError();
}

cudaError_t launch_norm(const double* sums, std::int64_t chunks, double most, double* norm, float* factor,
                        cudaStream_t stream) {
  norm_kernel<<<1, kNormThreads, 0, stream>>>(sums, chunks, most, norm, factor);
  return cudaGetLastError();
}

cudaError_t launch_scale(float* x, std::int64_t count, const float* factor, cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  scale_kernel<<<pieces(count, kScaleThreads), kScaleThreads, 0, stream>>>(x, count, factor);
  return cudaGetLastError();
}

}  // namespace infomtl::cuda
