#pragma once
// Which table of packed operations serves a tensor: one of cpu/ or cuda/ where their code knows the
// type, else ATen's.

#include "ops/packed/backend.h"

namespace infomtl::ops {

/// The table for tensors like x.
const PackedBackend& backend_of(const at::Tensor& x);

}  // namespace infomtl::ops
