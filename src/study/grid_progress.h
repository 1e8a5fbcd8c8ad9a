#pragma once
// Grid progress: how far the cells of a study are, as one line on a terminal, else as a line of the log per finished run.
//
//   GridProgress progress(runner, /*shown=*/true, [&] { return "best InfoMTL 66.12"; });

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "infomtl/runs/status_line.h"
#include "study/cells.h"

namespace infomtl {

/// "3 of 10 done  1 elsewhere  5 left  42:10 to go  best InfoMTL 66.12  now infomtl, seed 2, step 120 of 590". What is not
/// the case is left out. @param here  the cell that is trained here @param seconds_left  below 0: not known
/// @param best  words of the study's own
std::string grid_line(const CellCounts& counts, const std::string& here, double seconds_left, const std::string& best);

/// Seconds until all cells are done, when each of those at work now goes on at the pace of the cells trained here.
/// @param trained  cells trained here in `seconds` @param share  of the cell at work here that is done
/// @return -1 where nothing was trained yet
double seconds_to_go(const CellCounts& counts, double trained, double seconds, double share);

class GridProgress {
 public:
  /// Listens to the runner, which must live as long. @param shown  on a terminal, draw the line there
  /// @param best  what the study has to say of its state; may be empty
  GridProgress(CellRunner& runner, bool shown, std::function<std::string()> best);
  /// Clears the line, so that other output starts on a fresh one.
  void clear() { line_.clear(); }

 private:
  void start(const Cell& cell);
  void report(const Cell& cell, const StepReport& report);
  void finish(const Cell& cell);
  void draw(const std::string& here, double share);

  CellRunner& runner_;
  std::function<std::string()> best_;
  StatusLine line_;
  bool drawn_;
  std::string started_;  ///< key of the cell that was started here last
  std::chrono::steady_clock::time_point start_;
  double trained_ = 0, seconds_ = 0;  ///< cells trained here, and how long they took
};

}  // namespace infomtl
