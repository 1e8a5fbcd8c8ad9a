#include "ops/packed/choose_backend.h"

#include "ops/packed/aten_backend.h"
#include "ops/packed/cpu/cpu_backend.h"
#ifdef INFOMTL_CUDA_KERNELS
#include "ops/packed/cuda/cuda_backend.h"
#endif

namespace infomtl::ops {

const PackedBackend& backend_of(const at::Tensor& x) {
  if (x.device().is_cpu()) {
    switch (x.scalar_type()) {
      case at::kFloat:
        return cpu_float_backend();
      case at::kDouble:
        return cpu_double_backend();
      case at::kBFloat16:
        return cpu_bfloat16_backend();
      default:
        break;
    }
  }
#ifdef INFOMTL_CUDA_KERNELS
  if (x.is_cuda() && x.scalar_type() == at::kFloat) return cuda_float_backend();
  if (x.is_cuda() && x.scalar_type() == at::kBFloat16) return cuda_bfloat16_backend();
#endif
  return aten_backend();
}

}  // namespace infomtl::ops
