#pragma once
// Single-task runs: the plan "single", one model per task, each an experiment of its own in <run>/single/<task>.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/problems.h"
#include "infomtl/runs/experiment.h"
#include "runs/run_folder.h"

namespace infomtl {

/// The config of one task's run: its record alone, the terms that apply to it.
/// @param effective  of the whole run; @param index  of the task among the records
Json single_task_config(const Json& effective, std::size_t index, const std::string& task);

class SingleTaskRuns {
 public:
  /// Builds the run of every task, in a folder that is not there, so that a mistake in the last is told before the first
  /// trains. @param config  with the regime that the steps of each run have; its data are loaded for the tasks' names
  /// @throws as Experiment::from_config
  SingleTaskRuns(const Config& config, ExperimentOptions options);

  void on_report(std::function<void(const StepReport&)> listener);
  void on_epoch(std::function<void(std::int64_t epoch, const Evaluation& validation, bool best)> listener);
  bool finished() const { return results_.has_value(); }
  const std::filesystem::path& folder() const { return folder_.path(); }
  /// One run after the other; the merged results, without tasks when stopped.
  Results fit(const std::atomic<bool>* stop);

 private:
  void check_runs() const;
  Config config_of(std::size_t task) const;

  ExperimentOptions options_;
  RunFolder folder_;
  std::optional<Results> results_;
  std::optional<std::int64_t> extended_from_;  ///< epochs that the run had, where it goes on for more
  Json effective_;
  std::shared_ptr<Problems> notes_;  ///< where the config collects them
  std::uint64_t seed_ = 0;
  std::vector<std::string> tasks_;
  std::vector<std::function<void(const StepReport&)>> report_listeners_;
  std::vector<std::function<void(std::int64_t, const Evaluation&, bool)>> epoch_listeners_;
};

}  // namespace infomtl
