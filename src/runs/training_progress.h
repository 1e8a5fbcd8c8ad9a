#pragma once
// Training progress on standard error: where training stands, losses, scores, speed, time left. On a terminal one line that is
// rewritten at every report; in a file a line at the first report and then one per minute. A line per epoch in either.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/data/task.h"
#include "infomtl/runs/status_line.h"
#include "infomtl/train/evaluation.h"
#include "infomtl/train/step_report.h"

namespace infomtl {

/// The line without control characters: "step 120 of 590 [=====>      ]  epoch 2  0:42  best 65.12  supervised 0.6120
/// simax 2.9001  310 ex/s", the steps those of the run. Losses are means over the tasks of the report; at most `width`
/// characters, cut between its parts.
/// @param seconds_left  below 0: not known; @param bar  its characters, 0: none; @param best  text on the best epoch so far; empty: none
std::string progress_line(const StepReport& report, double seconds_left, std::size_t width, int bar = 24,
                          const std::string& best = "");

/// "epoch 2 of 4: validation average 65.12 (the best so far), emotion 72.10, hate 70.33, stance 0.4512; loss 0.6120".
/// Without scores (selection by the last epoch) only the epoch.
std::string epoch_line(std::int64_t epoch, std::int64_t epochs, const std::string& split, const Evaluation& scores,
                       const std::vector<Task>& tasks, bool best);

/// The same behind any beginning ("step 500").
std::string scores_line(const std::string& beginning, const std::string& split, const Evaluation& scores,
                        const std::vector<Task>& tasks, bool best);

class TrainingProgress {
 public:
  /// @param epochs  of the run; @param split  that epochs are scored on
  TrainingProgress(std::int64_t epochs, std::string split) : epochs_(epochs), split_(std::move(split)) {}

  void show(const StepReport& report);
  /// Epoch from 0.
  void end_epoch(std::int64_t epoch, const Evaluation& scores, const std::vector<Task>& tasks, bool best);
  /// After so many steps, within an epoch.
  void evaluated(std::int64_t step, const Evaluation& scores, const std::vector<Task>& tasks, bool best);
  /// Clears the line, so that other output starts on a fresh one.
  void clear() { line_.clear(); }

 private:
  using Clock = std::chrono::steady_clock;
  void print(const std::string& line);
  void remember(const std::string& when, const Evaluation& scores, bool best);

  StatusLine line_;
  std::int64_t epochs_;
  std::string split_, best_;
  Clock::time_point start_ = Clock::now(), printed_ = Clock::now();
  std::int64_t first_step_ = -1;
  double seconds_left_ = -1;  ///< below 0: not known
};

}  // namespace infomtl
