#pragma once
// Progress bar: one line on a terminal, rewritten at every report: where training stands, each loss, speed, time left.

#include <chrono>
#include <cstdio>
#include <string>

#include "infomtl/train/step_report.h"

namespace infomtl {

/// The line without control characters: "epoch 2  120/590 [=====>      ]  supervised 0.6120  simax 2.9001  310 ex/s
/// 0:42". Losses are means over the tasks of the report; at most `width` characters.
std::string progress_line(const StepReport& report, double seconds_left, std::size_t width);

class ProgressBar {
 public:
  /// Draws only when standard error is a terminal.
  ProgressBar();
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void show(const StepReport& report);
  /// Clears the line, so that other output starts on a fresh one.
  void clear();

 private:
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::int64_t first_step_ = -1;
};

}  // namespace infomtl
