#include "infomtl/core/machine_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace infomtl {

std::int64_t memory_of_machine() {
  std::int64_t bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  std::ifstream limit("/sys/fs/cgroup/memory.max");
  if (std::int64_t most = 0; limit >> most) bytes = std::min(bytes, most);
  return bytes;
}

}  // namespace infomtl
