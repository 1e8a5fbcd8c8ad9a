#include <ATen/ATen.h>

#include "infomtl/ops/information/gaussian_draw.h"
#include "ops/information/checks.h"
#include "ops/information/fused_draw.h"
#ifdef INFOMTL_CUDA_KERNELS
#include "ops/information/cuda/cuda_kernels.h"
#endif

namespace infomtl::ops {

using torch::Tensor;

NoisePattern draw_noise(TensorRandom& random) { return {.seed = random.random64()}; }

GaussianDraw draw_gaussian(const Tensor& mean, const Tensor& log_variance, const NoisePattern& noise,
                           const Tensor& prior_mean, const Tensor& prior_log_variance) {
  constexpr const char* kName = "draw_gaussian";
  require_matrix(mean, kName, "mean");
  require_same_shape(mean, log_variance, kName, "log_variance");
  if (prior_mean.defined() || prior_log_variance.defined()) {
    for (const Tensor* prior : {&prior_mean, &prior_log_variance}) {
      require_shape(prior->defined() && (prior->sizes() == mean.sizes() || prior->sizes() == mean.sizes().slice(1)),
                    kName, ("a prior must be " + shape_text(mean) + " or its last dimension").c_str(), *prior);
    }
  }
  const DrawInput in{mean, log_variance, prior_mean, prior_log_variance, noise};
#ifdef INFOMTL_CUDA_KERNELS
  const bool narrow = !prior_mean.defined() || widened_type(prior_mean, prior_log_variance) == torch::kFloat32;
  if (mean.is_cuda() && narrow && mean.scalar_type() == log_variance.scalar_type()) {
    if (mean.scalar_type() == torch::kFloat32) return fused_draw(in, cuda_float_draw());
    if (mean.scalar_type() == torch::kBFloat16) return fused_draw(in, cuda_bfloat16_draw());
  }
#endif
  return plain_draw(in);
}

}  // namespace infomtl::ops
