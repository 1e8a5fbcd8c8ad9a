#pragma once
// The launches of the optimisers' kernels. Pointers are to memory of the device that the stream belongs to; nothing waits
// for the device. @return the launch's error, cudaSuccess where it was accepted

#include <cuda_runtime_api.h>

#include "optim/cuda/norm_bodies.h"
#include "optim/cuda/update_bodies.h"

namespace infomtl::cuda {

/// Element is one of update_elements.h.
template <class Element>
cudaError_t launch_update(const EntryUpdate<Element>& update, cudaStream_t stream);

/// @param sums  [norm_chunks(count)], written
cudaError_t launch_squares(const float* x, std::int64_t count, double* sums, cudaStream_t stream);
/// @param sums  [chunks] of all pieces; @param factor  null: only the norm is asked for
cudaError_t launch_norm(const double* sums, std::int64_t chunks, double most, double* norm, float* factor,
                        cudaStream_t stream);
cudaError_t launch_scale(float* x, std::int64_t count, const float* factor, cudaStream_t stream);

}  // namespace infomtl::cuda
