#include "ops/information/info_nce.h"
#ifdef INFOMTL_CUDA_KERNELS
#include "ops/information/cuda/cuda_kernels.h"
#endif

namespace infomtl::ops {

using torch::Tensor;

Tensor linear_info_nce(const Tensor& z, const Tensor& keys, const Pairing& pairing) {
#ifdef INFOMTL_CUDA_KERNELS
  if (z.is_cuda() && z.scalar_type() == keys.scalar_type() && !pairing.ignored.mask.defined()) {
    if (z.scalar_type() == torch::kFloat32) return tiled_info_nce(z, keys, pairing, cuda_float_contrast());
    if (z.scalar_type() == torch::kBFloat16) return tiled_info_nce(z, keys, pairing, cuda_bfloat16_contrast());
  }
#endif
  return streamed_info_nce(z, keys, pairing);
}

}  // namespace infomtl::ops
