#pragma once
// InfoNCE by kernels that hold a tile of scores at a time. What stands around the kernels is the same for every device,
// so tests run it on the CPU with the kernels' bodies there.

#include <torch/types.h>

#include "ops/information/contrast_elements.h"
#include "ops/information/info_nce.h"

namespace infomtl::ops {

/// Passes over all pairs; pointers are to memory of the tensors' device, work is queued on its current stream.
/// @tparam T  in which rows are stored: float or kernels::BFloat16
template <class T>
struct ContrastKernels {
  void (*sums)(const kernels::ContrastSums<T>&);
  void (*gradient)(const kernels::ContrastGradient<T>&);
};

/// The summed loss of z [B, H] with keys [M, H], scalar float32. Kept: both inputs and two numbers of each row. bfloat16
/// rows are multiplied as they are, with sums in float32; in gradients their slopes are rounded to bfloat16, too. Second
/// derivatives are those of the plain form.
/// @param z, keys  both of the type T @param pairing  without a mask; equal numbers may be ignored
template <class T>
torch::Tensor tiled_info_nce(const torch::Tensor& z, const torch::Tensor& keys, const Pairing& pairing,
                             const ContrastKernels<T>& kernels);
extern template torch::Tensor tiled_info_nce(const torch::Tensor&, const torch::Tensor&, const Pairing&,
                                             const ContrastKernels<float>&);
extern template torch::Tensor tiled_info_nce(const torch::Tensor&, const torch::Tensor&, const Pairing&,
                                             const ContrastKernels<kernels::BFloat16>&);

}  // namespace infomtl::ops
