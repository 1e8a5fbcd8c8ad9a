#pragma once
// The CPU's tables: the loops of this folder over the memory of tensors, one table per scalar type.

#include "ops/packed/backend.h"

namespace infomtl::ops {

const PackedBackend& cpu_float_backend();
const PackedBackend& cpu_double_backend();
const PackedBackend& cpu_bfloat16_backend();

}  // namespace infomtl::ops
