#pragma once
// How many processor cores there are for this process.

#include <filesystem>

#include "infomtl/core/export.h"

namespace infomtl {

/// Where Linux tells it.
struct KernelFolders {
  std::filesystem::path proc = "/proc", control_groups = "/sys/fs/cgroup";
};

/// Physical cores among the processors that the process may run on (taskset, a batch system), at most the processors' time
/// that its control groups grant it (a container's limit), rounded; at least 1. Where the kernel tells nothing, what the
/// standard library does.
/// @param masked  false: of all processors, since the mask is one that OpenMP has pinned the first thread to
INFOMTL_API int usable_cores(const KernelFolders& kernel = {}, bool masked = true);

}  // namespace infomtl
