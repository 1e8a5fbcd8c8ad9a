#include "study/grid_progress.h"

#include <algorithm>
#include <utility>

#include "infomtl/core/log.h"

namespace infomtl {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::size_t total(const CellCounts& counts) {
  return counts.finished + counts.here + counts.elsewhere + counts.failed + counts.left;
}

}  // namespace

std::string grid_line(const CellCounts& counts, const std::string& here, double seconds_left, const std::string& best) {
  std::string line = std::to_string(counts.finished) + " of " + std::to_string(total(counts)) + " done";
  if (counts.elsewhere > 0) line += "  " + std::to_string(counts.elsewhere) + " elsewhere";
  if (counts.failed > 0) line += "  " + std::to_string(counts.failed) + " failed";
  if (counts.left > 0) line += "  " + std::to_string(counts.left) + " left";
  if (seconds_left >= 0) line += "  " + clock_text(seconds_left) + " to go";
  if (!best.empty()) line += "  " + best;
  if (!here.empty()) line += "  now " + here;  // last: what a narrow terminal cuts off
  return line;
}

double seconds_to_go(const CellCounts& counts, double trained, double seconds, double share) {
  if (trained + share <= 0) return -1;
  const double pace = seconds / (trained + share);
  // This process is at work, too, as long as there is something for it to do; between two cells as well.
  const std::size_t working = counts.elsewhere + (counts.here + counts.left > 0 ? 1 : 0);
  const double workers = static_cast<double>(std::max<std::size_t>(working, 1));
  // Where others stand is not known: half-way, say.
  const double cells = static_cast<double>(counts.left) + (counts.here > 0 ? 1 - share : 0.0) +
                       0.5 * static_cast<double>(counts.elsewhere);
  return pace * cells / workers;
}

GridProgress::GridProgress(CellRunner& runner, bool shown, std::function<std::string()> best)
    : runner_(runner), best_(std::move(best)), drawn_(shown && line_.on_terminal()) {
  runner.on_start([this](const Cell& cell) { start(cell); });
  runner.on_report([this](const Cell& cell, const StepReport& step) { report(cell, step); });
  runner.on_finish([this](const Cell& cell, const Results&) { finish(cell); });
  runner.on_wait([this] { draw("", 0); });
}

void GridProgress::start(const Cell& cell) {
  started_ = cell.key;
  start_ = std::chrono::steady_clock::now();
  if (drawn_) {
    draw(cell.key, 0);
  } else {
    log::info(cell.key + ": " + cell.folder.string());
  }
}

void GridProgress::report(const Cell& cell, const StepReport& step) {
  const double share =
      step.total_steps > 0 ? static_cast<double>(step.step) / static_cast<double>(step.total_steps) : 0.0;
  draw(cell.key + ", step " + std::to_string(step.step) + " of " + std::to_string(step.total_steps), share);
}

void GridProgress::finish(const Cell& cell) {
  const bool here = started_ == cell.key;
  if (here) {
    started_.clear();
    trained_ += 1;
    seconds_ += seconds_since(start_);
  }
  if (drawn_) return line_.clear();  // what the next run says while it is built starts on a fresh line
  log::info(
      cell.key + (here ? " is done: " : " was done: ") +
      grid_line(runner_.counts(), "", seconds_to_go(runner_.counts(), trained_, seconds_, 0), best_ ? best_() : ""));
}

void GridProgress::draw(const std::string& here, double share) {
  if (!drawn_) return;
  const double seconds = seconds_ + (share > 0 ? seconds_since(start_) : 0.0);
  line_.show(grid_line(runner_.counts(), here, seconds_to_go(runner_.counts(), trained_, seconds, share),
                       best_ ? best_() : ""));
}

}  // namespace infomtl
