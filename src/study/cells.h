#pragma once
// Cells: the runs of a study, each in a folder of its own, shared out among all processes that work on these folders.
//
//   CellRunner runner(cells, {.scored_splits = {"validation"}});
//   runner.on_finish([](const Cell& cell, const Results& results) { ... });
//   if (!runner.run(stop)) return;                     // stopped: the same call goes on later
//   runner.results()[0]->average.at("validation");
//
// Nothing but the run folders is shared: a run's lock says that somebody trains it, its results.json that it is done.
// So a process may be killed at any moment; the lock goes with it and whoever looks next takes the run over.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/runs/experiment.h"
#include "infomtl/runs/run.h"

namespace infomtl {

/// One run of a study.
struct Cell {
  std::string key;               ///< what messages call it: "infomtl, seed 3"
  std::filesystem::path folder;  ///< the run folder
  Config config;                 ///< of the run, merged, overrides included
  std::uint64_t seed = 0;
  std::int64_t stop_after_epochs = 0;  ///< ExperimentOptions'
};

/// The run of a cell, built or read back; it goes on from its last checkpoint. @throws as Run::from_config
Run build_cell(const Cell& cell, const ExperimentOptions& common);

/// How many cells stand where; together they are all of them.
struct CellCounts {
  std::size_t finished = 0;
  std::size_t here = 0;       ///< trained by this process now: 0 or 1
  std::size_t elsewhere = 0;  ///< trained by other processes when last looked at
  std::size_t failed = 0;     ///< ended by an error here
  std::size_t left = 0;
};

class CellRunner {
 public:
  /// @param common  scored_splits are read: a finished run that lacks one is scored on it
  /// @param poll  how long to wait before runs of other processes are looked at again, when only those are left
  CellRunner(std::vector<Cell> cells, ExperimentOptions common,
             std::chrono::milliseconds poll = std::chrono::seconds(3));

  /// Before a run starts or goes on here.
  void on_start(std::function<void(const Cell&)> listener) { start_.push_back(std::move(listener)); }
  /// Reports of the run that is trained here.
  void on_report(std::function<void(const Cell&, const StepReport&)> listener) {
    report_.push_back(std::move(listener));
  }
  /// Once for each cell, as soon as its results are known: trained here, by another process, or before.
  void on_finish(std::function<void(const Cell&, const Results&)> listener) { finish_.push_back(std::move(listener)); }
  /// When a run ended by an error (a loss that is not finite, say): the others go on, and the cell is left without
  /// results. Without a listener the error leaves run().
  void on_failure(std::function<void(const Cell&, const Error&)> listener) { failure_.push_back(std::move(listener)); }
  /// While only runs of other processes are left, each time before they are looked at again.
  void on_wait(std::function<void()> listener) { wait_.push_back(std::move(listener)); }

  /// Trains what nobody else trains, in the order of the cells, and waits for the rest; a run whose process went away
  /// without results is taken over.
  /// @return true when every cell has results or failed; false when `stop` was set @throws as Run
  bool run(const std::atomic<bool>* stop = nullptr);

  enum class Progress {
    one_more,  ///< a cell was trained here
    waited,    ///< those that are left are other processes'; the time between two looks has gone by
    all,       ///< every cell has results or failed
    stopped    ///< `stop` was set
  };
  /// One turn of run(): for a study that decides anew what comes next after each cell.
  Progress advance(const std::atomic<bool>* stop = nullptr);

  const std::vector<Cell>& cells() const { return cells_; }
  /// Of each cell; empty where it has none yet.
  const std::vector<std::optional<Results>>& results() const { return results_; }
  CellCounts counts() const;

 private:
  enum class Outcome { finished, failed, elsewhere, stopped };
  Outcome settle(std::size_t cell, const std::atomic<bool>* stop);
  std::optional<Results> trained(const Cell& cell, const std::atomic<bool>* stop);
  /// Reads what is finished and notes what others train. @return the first cell that is free
  std::optional<std::size_t> look_around(const std::atomic<bool>* stop);
  bool settled(std::size_t cell) const { return results_[cell].has_value() || failed_[cell]; }

  std::vector<Cell> cells_;
  ExperimentOptions common_;
  std::chrono::milliseconds poll_;
  std::vector<std::optional<Results>> results_;
  std::vector<bool> failed_, elsewhere_;
  std::optional<std::size_t> here_;

  std::vector<std::function<void(const Cell&)>> start_;
  std::vector<std::function<void(const Cell&, const StepReport&)>> report_;
  std::vector<std::function<void(const Cell&, const Results&)>> finish_;
  std::vector<std::function<void(const Cell&, const Error&)>> failure_;
  std::vector<std::function<void()>> wait_;
};

}  // namespace infomtl
