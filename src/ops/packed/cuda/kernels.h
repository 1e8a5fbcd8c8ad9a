#pragma once
// The kernels' launches. Pointers are to memory of the device that the stream belongs to; nothing waits for the device.
// T is float or BFloat16. @return the launch's error, cudaSuccess where it was accepted

#include <cuda_runtime_api.h>

#include "ops/packed/cuda/attention_backward.h"
#include "ops/packed/cuda/row_bodies.h"

namespace infomtl::ops::cuda {

/// @param longest  of the sequences, which the host knows; heads are at most kWidestHead wide
template <class T>
cudaError_t launch_attention(const Attention<T>& attention, std::int64_t longest, cudaStream_t stream);
/// `scratch.query_sums` is needed where `longest` is above kTile.
template <class T>
cudaError_t launch_attention_gradient(const AttentionGradient<T>& gradient, const AttentionScratch& scratch,
                                      cudaStream_t stream);
template <class T>
cudaError_t launch_residual_norm(const ResidualNorm<T>& norm, cudaStream_t stream);
/// @param parts  float32 [norm_parts(rows), 2 width], written
template <class T>
cudaError_t launch_residual_norm_gradient(const ResidualNormGradient<T>& gradient, float* parts, cudaStream_t stream);
inline std::int64_t norm_parts(std::int64_t rows) { return infomtl::cuda::blocks_for(rows, kNormRows); }
template <class T>
cudaError_t launch_dropout(const DropoutRows<T>& dropout, cudaStream_t stream);
template <class T>
cudaError_t launch_gelu(const Gelu<T>& gelu, cudaStream_t stream);
template <class T>
cudaError_t launch_embedding_sum(const EmbeddingRows<T>& embedding, cudaStream_t stream);
template <class T>
cudaError_t launch_add_rows(const AddRows<T>& add, cudaStream_t stream);

}  // namespace infomtl::ops::cuda
