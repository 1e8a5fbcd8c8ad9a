#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdlib>

#include "commands.h"
#include "infomtl/core/machine_cores.h"

namespace infomtl::commands {

namespace {

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

void set_threads(int threads) {
  if (threads > 0) return at::set_num_threads(threads);
  if (is_set("OMP_NUM_THREADS")) return;
  // Where OpenMP pins threads, it has pinned this one before the program began; it counted the processors before that.
  const bool pinned = is_set("OMP_PROC_BIND") || is_set("OMP_PLACES") || is_set("GOMP_CPU_AFFINITY");
  const int cores = usable_cores({}, /*masked=*/!pinned);
  at::set_num_threads(pinned ? std::min(cores, at::get_num_threads()) : cores);
}

}  // namespace infomtl::commands
