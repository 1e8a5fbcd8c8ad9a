#pragma once
// How much memory there is.

#include <cstdint>

#include "infomtl/core/export.h"

namespace infomtl {

/// Bytes of the machine, or of the control group that the process is confined to.
INFOMTL_API std::int64_t memory_of_machine();

}  // namespace infomtl
