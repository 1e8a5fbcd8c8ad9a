#pragma once
// Single-task runs: the regime "single", one model per task, each a run of its own in <run>/single/<task>.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/runs/experiment.h"

namespace infomtl {

/// The config of one task's run: its record alone, the terms that apply to it.
/// @param effective  of the whole run; @param index  of the task among the records
Json single_task_config(const Json& effective, std::size_t index, const std::string& task);

/// The folder of one task's run.
std::filesystem::path single_task_folder(const std::filesystem::path& run, const std::string& task);

class SingleTaskRuns {
 public:
  SingleTaskRuns(Json effective, const std::vector<Task>& tasks, std::uint64_t seed, std::filesystem::path folder);

  /// One run after the other; the merged results, or nothing when stopped.
  std::optional<Results> fit(
      const ExperimentOptions& options, const std::vector<std::function<void(const StepReport&)>>& report_listeners,
      const std::vector<std::function<void(std::int64_t, const Evaluation&, bool)>>& epoch_listeners,
      const std::atomic<bool>* stop) const;

 private:
  Json effective_;
  std::vector<std::string> tasks_;
  std::uint64_t seed_;
  std::filesystem::path folder_;
};

}  // namespace infomtl
