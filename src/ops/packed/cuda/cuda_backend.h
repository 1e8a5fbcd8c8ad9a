#pragma once
// CUDA's tables: the kernels of this folder over the memory of tensors, on the current stream. Only in builds with
// device code (INFOMTL_CUDA and a CUDA compiler).

#include "ops/packed/backend.h"

namespace infomtl::ops {

const PackedBackend& cuda_float_backend();
const PackedBackend& cuda_bfloat16_backend();

}  // namespace infomtl::ops
