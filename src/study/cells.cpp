#include "study/cells.h"

#include <thread>
#include <utility>

#include "infomtl/runs/run_state.h"
#include "infomtl/runs/trained_run.h"

namespace infomtl {
namespace {

bool is_set(const std::atomic<bool>* stop) { return stop != nullptr && stop->load(); }

/// Sleeps, but not past an interrupt.
void wait_for(std::chrono::milliseconds time, const std::atomic<bool>* stop) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!is_set(stop)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    std::this_thread::sleep_for(std::min(left, std::chrono::milliseconds(100)));
  }
}

}  // namespace

Run build_cell(const Cell& cell, const ExperimentOptions& common) {
  ExperimentOptions own = common;
  own.seed = cell.seed;
  own.resume = true;
  own.output = cell.folder;
  own.stop_after_epochs = cell.stop_after_epochs;
  // A copy of the config: what one run asked of it must not make another's unknown keys known.
  return with_context(cell.key, [&] { return Run::from_config(cell.config.overridden({}), own); });
}

CellRunner::CellRunner(std::vector<Cell> cells, ExperimentOptions common, std::chrono::milliseconds poll)
    : cells_(std::move(cells)),
      common_(std::move(common)),
      poll_(poll),
      results_(cells_.size()),
      failed_(cells_.size(), false),
      elsewhere_(cells_.size(), false) {}

CellCounts CellRunner::counts() const {
  CellCounts counts;
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    std::size_t& group = results_[c]     ? counts.finished
                         : failed_[c]    ? counts.failed
                         : here_ == c    ? counts.here
                         : elsewhere_[c] ? counts.elsewhere
                                         : counts.left;
    ++group;
  }
  return counts;
}

std::optional<Results> CellRunner::trained(const Cell& cell, const std::atomic<bool>* stop) {
  Run run = build_cell(cell, common_);
  if (run.finished()) {
    return with_context(cell.key, [&] { return with_splits(cell.folder, run.fit(), common_.scored_splits); });
  }
  for (const auto& listener : start_) listener(cell);
  run.on_report([&](const StepReport& report) {
    for (const auto& listener : report_) listener(cell, report);
  });
  Results results = with_context(cell.key, [&] { return run.fit(stop); });
  if (results.tasks.empty()) return std::nullopt;  // stopped
  return results;
}

CellRunner::Outcome CellRunner::settle(std::size_t c, const std::atomic<bool>* stop) {
  const Cell& cell = cells_[c];
  here_ = c;
  try {
    std::optional<Results> results = trained(cell, stop);
    here_.reset();
    if (!results) return Outcome::stopped;
    results_[c] = std::move(results);
  } catch (const RunBusyError&) {  // another process was quicker
    here_.reset();
    elsewhere_[c] = true;
    return Outcome::elsewhere;
  } catch (const Error& error) {
    here_.reset();
    if (failure_.empty()) throw;
    failed_[c] = true;
    for (const auto& listener : failure_) listener(cell, error);
    return Outcome::failed;
  }
  for (const auto& listener : finish_) listener(cell, *results_[c]);
  return Outcome::finished;
}

std::optional<std::size_t> CellRunner::look_around(const std::atomic<bool>* stop) {
  std::optional<std::size_t> open;
  std::vector<std::size_t> finished;
  for (std::size_t c = 0; c < cells_.size(); ++c) {
    if (settled(c)) continue;
    const RunState state = run_state(cells_[c].folder);
    elsewhere_[c] = state == RunState::busy;
    if (state == RunState::finished) finished.push_back(c);
    if (state == RunState::open && !open) open = c;
  }
  // Listeners hear of them when all cells were looked at: they count those at work elsewhere.
  for (const std::size_t c : finished) settle(c, stop);
  return open;
}

CellRunner::Progress CellRunner::advance(const std::atomic<bool>* stop) {
  if (is_set(stop)) return Progress::stopped;
  // Training takes long: what others finished meanwhile is read first, so that listeners know all of it.
  if (const std::optional<std::size_t> open = look_around(stop)) {
    return settle(*open, stop) == Outcome::stopped ? Progress::stopped : Progress::one_more;
  }
  if (counts().elsewhere == 0) return Progress::all;
  for (const auto& listener : wait_) listener();
  wait_for(poll_, stop);
  return Progress::waited;
}

bool CellRunner::run(const std::atomic<bool>* stop) {
  while (true) {
    const Progress progress = advance(stop);
    if (progress == Progress::all || progress == Progress::stopped) return progress == Progress::all;
  }
}

}  // namespace infomtl
