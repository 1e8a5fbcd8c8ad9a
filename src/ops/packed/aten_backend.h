#pragma once
// The table of every device and type that has none of its own: ATen's operations, attention by the plain path.

#include "ops/packed/backend.h"

namespace infomtl::ops {

const PackedBackend& aten_backend();

}  // namespace infomtl::ops
