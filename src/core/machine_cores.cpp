#include "infomtl/core/machine_cores.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <thread>

namespace infomtl {
namespace {

namespace fs = std::filesystem;

/// The text behind "KEY:" on the first line that begins so, without blanks before it.
std::string value_of(const fs::path& file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key + ":")) continue;
    const std::size_t begin = line.find_first_not_of(" \t", key.size() + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

/// Of "0-3,8".
std::set<int> numbers_of(const std::string& list) {
  std::set<int> numbers;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) {
    int first = 0, last = 0;
    char dash = 0;
    std::istringstream range(part);
    if (!(range >> first)) continue;
    if (!(range >> dash >> last) || dash != '-') last = first;
    for (int number = first; number <= last; ++number) numbers.insert(number);
  }
  return numbers;
}

/// Distinct cores of the processors in `allowed`, of all where that is empty; 0 where the kernel names no cores.
std::size_t physical_cores(const fs::path& proc, const std::set<int>& allowed) {
  std::ifstream lines(proc / "cpuinfo");
  std::set<std::string> cores;
  std::string package;
  bool counts = true;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with("processor") && colon != std::string::npos) {
      counts = allowed.empty() || allowed.contains(std::atoi(line.c_str() + colon + 1));
    }
    if (line.starts_with("physical id")) package = line;
    if (line.starts_with("core id") && counts) cores.insert(package + line);
  }
  return cores.size();
}

/// Processors' time per time: "200000 100000" is 2; infinite for "max", for -1, and where there is no such file.
double ratio_in(const fs::path& limit, const fs::path& period = {}) {
  double time = 0, of = 0;
  std::ifstream first(limit), second(period);
  if (!(first >> time) || time <= 0) return std::numeric_limits<double>::infinity();
  std::istream& rest = period.empty() ? first : second;
  return (rest >> of) && of > 0 ? time / of : std::numeric_limits<double>::infinity();
}

/// The least that the control groups above the process grant, itself included. Version 2 has one tree; version 1 has one of
/// the controller "cpu".
double granted(const KernelFolders& kernel) {
  double least = std::numeric_limits<double>::infinity();
  std::ifstream lines(kernel.proc / "self" / "cgroup");
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool one_tree = controllers == ",,";
    if (!one_tree && controllers.find(",cpu,") == std::string::npos) continue;
    const fs::path root = one_tree ? kernel.control_groups : kernel.control_groups / "cpu";
    // Within a container the path may be the host's: then only the root is there.
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      const fs::path folder = root / group;
      least = std::min(least, one_tree ? ratio_in(folder / "cpu.max")
                                       : ratio_in(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us"));
      if (group.empty()) break;
    }
  }
  return least;
}

}  // namespace

int usable_cores(const KernelFolders& kernel, bool masked) {
  std::set<int> allowed;
  if (masked) allowed = numbers_of(value_of(kernel.proc / "self" / "status", "Cpus_allowed_list"));
  std::size_t cores = physical_cores(kernel.proc, allowed);
  if (cores == 0) cores = allowed.empty() ? std::thread::hardware_concurrency() : allowed.size();
  const double most = std::min(static_cast<double>(cores), std::round(granted(kernel)));
  return static_cast<int>(std::max(most, 1.0));
}

}  // namespace infomtl
