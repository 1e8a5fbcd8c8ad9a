#pragma once
// CUDA's tables: the kernels of this folder, on the current stream. Only in builds with device code (INFOMTL_CUDA and a
// CUDA compiler).

#include "ops/information/fused_draw.h"
#include "ops/information/tiled_info_nce.h"

namespace infomtl::ops {

const ContrastKernels<float>& cuda_float_contrast();
const ContrastKernels<kernels::BFloat16>& cuda_bfloat16_contrast();
const DrawKernels<float>& cuda_float_draw();
const DrawKernels<kernels::BFloat16>& cuda_bfloat16_draw();

}  // namespace infomtl::ops
