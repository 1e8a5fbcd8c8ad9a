#pragma once
// Timed progress: lines of what goes on in a long command, in place on a terminal and now and then in a log.

#include <chrono>
#include <string>

#include "infomtl/core/log.h"
#include "infomtl/runs/status_line.h"

namespace infomtl::commands {

class TimedProgress {
 public:
  void show(const std::string& text) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    if (line_.on_terminal()) return line_.show(clock_text(seconds) + "  " + text);
    if (seconds - last_ < kSecondsBetweenLines) return;
    last_ = seconds;
    log::info(text);
  }
  void clear() { line_.clear(); }

 private:
  static constexpr double kSecondsBetweenLines = 30;  // of a log, where standard error is no terminal

  StatusLine line_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double last_ = 0;
};

}  // namespace infomtl::commands
