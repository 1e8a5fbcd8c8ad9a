#include "runs/environment.h"

#include <ATen/Parallel.h>
#include <sys/resource.h>
#include <torch/version.h>

#include <fstream>
#include <string>

#include "infomtl/core/config.h"

namespace infomtl {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

Json environment_json(const std::string& device) {
  return {{"infomtl", INFOMTL_VERSION},
          {"libtorch", TORCH_VERSION},
          {"device", device},
          {"cpu", cpu_model()},
          {"threads", at::get_num_threads()}};
}

std::int64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  const std::string peak = "VmHWM:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(peak)) return std::stoll(line.substr(peak.size())) * 1024;  // in kB
  }
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

void begin_peak_memory() {
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): resets the peak resident set size
}

}  // namespace infomtl
