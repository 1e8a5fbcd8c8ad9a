#pragma once
// What a run ran on, for results.json.

#include <cstdint>
#include <string>

#include "infomtl/core/json.h"

namespace infomtl {

/// infomtl, libtorch, device, cpu, threads.
Json environment_json(const std::string& device);

/// Largest resident memory of this process so far; 0 where the system does not tell.
std::int64_t peak_memory_bytes();

}  // namespace infomtl
