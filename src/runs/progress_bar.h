#pragma once
// Progress bar: one line on a terminal, rewritten at every report: where training stands, each loss, speed, time left.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "infomtl/runs/status_line.h"
#include "infomtl/train/step_report.h"

namespace infomtl {

/// The line without control characters: "epoch 2  120/590 [=====>      ]  supervised 0.6120  simax 2.9001  310 ex/s
/// 0:42". Losses are means over the tasks of the report; at most `width` characters.
std::string progress_line(const StepReport& report, double seconds_left, std::size_t width);

class ProgressBar {
 public:
  void show(const StepReport& report);
  /// Clears the line, so that other output starts on a fresh one.
  void clear() { line_.clear(); }

 private:
  StatusLine line_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::int64_t first_step_ = -1;
};

}  // namespace infomtl
