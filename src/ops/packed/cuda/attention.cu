// Attention over packed sequences on a GPU: launches of the bodies in attention_forward.h and attention_backward.h.
#include "ops/packed/cuda/attention_forward.h"
#include "ops/packed/cuda/kernels.h"

namespace infomtl::ops::cuda {
namespace {

using infomtl::cuda::DeviceBlock;

// The second launch bound, blocks that share a multiprocessor, is what shared memory or registers allow without spills.

template <class T, int kWidth>
__global__ void __launch_bounds__(kAttentionThreads, 4) attention_kernel(const Attention<T> a) {
  __shared__ AttentionShared<kWidth> shared;
  attention_body<T, kWidth>(DeviceBlock<kAttentionThreads>{}, a, shared);
}

template <class T, int kWidth>
__global__ void __launch_bounds__(kAttentionThreads, kWidth == 32 ? 3 : 2)
    attention_gradient_kernel(const AttentionGradient<T> g, const AttentionScratch scratch) {
  __shared__ AttentionGradientShared<kWidth> shared;
  const DeviceBlock<kAttentionThreads> block;
  AttentionBackward<T, kWidth, DeviceBlock<kAttentionThreads>>{block, g, scratch, shared}.run();
}

}  // namespace

template <class T>
cudaError_t launch_attention(const Attention<T>& a, std::int64_t longest, cudaStream_t stream) {
  const std::int64_t most = a.first_token ? 1 : longest;
  const dim3 blocks(static_cast<unsigned>(a.sequences), static_cast<unsigned>(a.heads),
                    static_cast<unsigned>((most + kTile - 1) / kTile));
  if (blocks.x == 0 || blocks.z == 0) return cudaSuccess;
  if (a.head_width <= 32) {
    attention_kernel<T, 32><<<blocks, kAttentionThreads, 0, stream>>>(a);
  } else {
    attention_kernel<T, kWidestHead><<<blocks, kAttentionThreads, 0, stream>>>(a);
  }
  return cudaGetLastError();
}

template <class T>
cudaError_t launch_attention_gradient(const AttentionGradient<T>& g, const AttentionScratch& scratch,
                                      cudaStream_t stream) {
  const Attention<T>& a = g.forward;
  if (a.sequences == 0) return cudaSuccess;
  const dim3 blocks(static_cast<unsigned>(a.sequences), static_cast<unsigned>(a.heads));
  if (a.head_width <= 32) {
    attention_gradient_kernel<T, 32><<<blocks, kAttentionThreads, 0, stream>>>(g, scratch);
  } else {
    attention_gradient_kernel<T, kWidestHead><<<blocks, kAttentionThreads, 0, stream>>>(g, scratch);
  }
  return cudaGetLastError();
}

template cudaError_t launch_attention(const Attention<float>&, std::int64_t, cudaStream_t);
template cudaError_t launch_attention(const Attention<kernels::BFloat16>&, std::int64_t, cudaStream_t);
template cudaError_t launch_attention_gradient(const AttentionGradient<float>&, const AttentionScratch&, cudaStream_t);
template cudaError_t launch_attention_gradient(const AttentionGradient<kernels::BFloat16>&, const AttentionScratch&,
                                               cudaStream_t);

}  // namespace infomtl::ops::cuda
