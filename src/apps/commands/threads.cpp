#include <ATen/Parallel.h>

#include <cstdlib>

#include "commands.h"
#include "infomtl/core/machine_cores.h"

namespace infomtl::commands {

void set_threads(int threads) {
  const char* from_openmp = std::getenv("OMP_NUM_THREADS");
  if (threads > 0) {
    at::set_num_threads(threads);
  } else if (from_openmp == nullptr || *from_openmp == '\0') {
    at::set_num_threads(usable_cores());
  }
}

}  // namespace infomtl::commands
