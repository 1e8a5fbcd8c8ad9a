#pragma once
// Run: what a config trains, one model over all of its tasks (an Experiment) or one model per task
// ("training": {"regime": "single"}).
//
//   Run run = Run::from_config("tweets.json", {.output = "runs/tweets"});
//   std::puts(run.fit().table().c_str());

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "infomtl/core/config.h"
#include "infomtl/core/export.h"
#include "infomtl/runs/experiment.h"
#include "infomtl/runs/results.h"
#include "infomtl/runs/run_plan.h"

namespace infomtl {

class SingleTaskRuns;

class INFOMTL_API Run {
 public:
  /// @throws as Experiment::from_config
  static Run from_config(const std::filesystem::path& config, ExperimentOptions options = {});
  /// The same from a config at hand (`options.overrides` are not looked at).
  static Run from_config(const Config& config, ExperimentOptions options = {});
  Run(Run&&) noexcept;
  ~Run();

  void on_report(std::function<void(const StepReport&)> listener);
  void on_epoch(std::function<void(std::int64_t epoch, const Evaluation& validation, bool best)> listener);
  /// As Experiment::fit; with one model per task, the results of all of them.
  Results fit(const std::atomic<bool>* stop = nullptr);
  bool finished() const;
  const std::filesystem::path& folder() const;
  /// Null where each task has an experiment of its own.
  Experiment* experiment() { return experiment_.get(); }

 private:
  Run(std::unique_ptr<Experiment> experiment, std::unique_ptr<SingleTaskRuns> single);
  std::unique_ptr<Experiment> experiment_;  ///< this one or the other
  std::unique_ptr<SingleTaskRuns> single_;
};

}  // namespace infomtl
