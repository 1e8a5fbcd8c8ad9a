#pragma once
// Memory of this process by the kernel's account (Linux), in bytes; 0 where there is no /proc.

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "infomtl/core/config.h"
#include "infomtl/core/json.h"

namespace infomtl::bench {

/// A line "VmRSS:   1234 kB" of /proc/self/status.
inline std::int64_t status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream words(line.substr(name.size() + 1));
    std::int64_t kibibytes = 0;
    words >> kibibytes;
    return kibibytes * 1024;
  }
  return 0;
}

inline std::int64_t resident_bytes() { return status_bytes("VmRSS"); }

/// Watches the peak of two stretches: before the first step (loading), and from then on (training).
class MemoryWatch {
 public:
  MemoryWatch() : runtime_(resident_bytes()) {}

  /// Call before each step; only the first call does anything.
  void begin_training() {
    if (before_first_step_ > 0) return;
    before_first_step_ = resident_bytes();
    loading_peak_ = status_bytes("VmHWM");
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak is counted anew
  }

  Json to_json() const {
    const std::int64_t training_peak = status_bytes("VmHWM");
    return {{"runtime", runtime_},
            {"before_first_step", before_first_step_},
            {"training_peak", training_peak},
            {"peak", std::max(training_peak, loading_peak_)},
            {"resident", resident_bytes()}};
  }

 private:
  std::int64_t runtime_, before_first_step_ = 0, loading_peak_ = 0;
};

}  // namespace infomtl::bench
