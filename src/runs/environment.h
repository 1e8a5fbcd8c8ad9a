#pragma once
// What a run ran on, for results.json.

#include <cstdint>
#include <string>

#include "infomtl/core/json.h"

namespace infomtl {

/// infomtl, libtorch, device, cpu, threads.
Json environment_json(const std::string& device);

/// Largest resident memory of this process since begin_peak_memory(), or since its start; 0 where the system does not tell.
std::int64_t peak_memory_bytes();

/// From here on peak_memory_bytes() counts anew, from what the process holds now. Without effect where the system does not
/// allow it (Linux does, through /proc/self/clear_refs); what else reads the process's peak sees it, too.
void begin_peak_memory();

}  // namespace infomtl
