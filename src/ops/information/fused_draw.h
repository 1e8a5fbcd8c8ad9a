#pragma once
// A draw from a Gaussian and its KL by kernels. What stands around the kernels is the same for every device, so tests run
// it on the CPU with the kernels' bodies there.

#include <torch/types.h>

#include "infomtl/ops/information/gaussian_draw.h"
#include "ops/information/gaussian_elements.h"

namespace infomtl::ops {

/// What a draw takes, checked; both priors undefined: N(0, 1).
struct DrawInput {
  torch::Tensor mean, log_variance, prior_mean, prior_log_variance;
  NoisePattern noise;
};

/// The functions of gaussian.h, one after the other.
GaussianDraw plain_draw(const DrawInput& in);

/// Pointers are to memory of the tensors' device, work is queued on its current stream.
/// @tparam T  in which mean and log-variance are stored: float or kernels::BFloat16
template <class T>
struct DrawKernels {
  void (*draw)(const kernels::DrawRows<T>&);
  void (*gradient)(const kernels::DrawRowsGradient<T>&);
};

/// Kept: the inputs. Second derivatives are those of plain_draw().
template <class T>
GaussianDraw fused_draw(const DrawInput& in, const DrawKernels<T>& kernels);
extern template GaussianDraw fused_draw(const DrawInput&, const DrawKernels<float>&);
extern template GaussianDraw fused_draw(const DrawInput&, const DrawKernels<kernels::BFloat16>&);

}  // namespace infomtl::ops
