#include "runs/environment.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <vector>

namespace infomtl {
namespace {

constexpr std::int64_t kMebibyte = 1 << 20;

/// Holds so much memory for a moment.
void touch(std::int64_t bytes) {
  std::vector<char> block(static_cast<std::size_t>(bytes), 1);
  volatile char last = block.back();
  static_cast<void>(last);
}

TEST(PeakMemory, IsThatSinceItsBeginning) {
  if (!std::ofstream("/proc/self/clear_refs").is_open()) GTEST_SKIP() << "the system does not reset it";
  touch(256 * kMebibyte);
  const std::int64_t first_run = peak_memory_bytes();
  EXPECT_GE(first_run, 256 * kMebibyte);
  begin_peak_memory();
  const std::int64_t begun = peak_memory_bytes();
  EXPECT_LT(begun, first_run - 128 * kMebibyte) << "a run is not charged for one before it";
  touch(64 * kMebibyte);
  EXPECT_GT(peak_memory_bytes(), begun + 32 * kMebibyte);
}

}  // namespace
}  // namespace infomtl
