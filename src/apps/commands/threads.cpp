#include <ATen/Parallel.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "commands.h"

namespace infomtl::commands {

namespace {

/// Physical cores by the kernel's account (Linux), else what the standard library reports.
int physical_cores() {
  std::ifstream info("/proc/cpuinfo");
  std::set<std::string> cores;
  std::string line, package;
  while (std::getline(info, line)) {
    if (line.starts_with("physical id")) package = line;
    if (line.starts_with("core id")) cores.insert(package + line);
  }
  const unsigned hardware = std::thread::hardware_concurrency();
  const std::size_t count = cores.empty() ? hardware : std::min<std::size_t>(cores.size(), hardware);
  return static_cast<int>(std::max<std::size_t>(count, 1));
}

}  // namespace

void set_threads(int threads) {
  const char* from_openmp = std::getenv("OMP_NUM_THREADS");
  if (threads > 0) {
    at::set_num_threads(threads);
  } else if (from_openmp == nullptr || *from_openmp == '\0') {
    at::set_num_threads(physical_cores());
  }
}

}  // namespace infomtl::commands
