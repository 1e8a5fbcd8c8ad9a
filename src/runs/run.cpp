#include "infomtl/runs/run.h"

#include <utility>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "runs/moved_run.h"
#include "runs/run_folder.h"
#include "runs/single_task_runs.h"

namespace infomtl {

Run::Run(std::unique_ptr<Experiment> experiment, std::unique_ptr<SingleTaskRuns> single)
    : experiment_(std::move(experiment)), single_(std::move(single)) {}
Run::Run(Run&&) noexcept = default;
Run::~Run() = default;

Run Run::from_config(const std::filesystem::path& config, ExperimentOptions options) {
  const Config read = with_data_in(Config::from_file(config, options.overrides), options.data_folder, options.resume);
  if (options.output.empty()) {
    const auto seed = options.seed ? *options.seed : static_cast<std::uint64_t>(read.integer("seed", 0, at_least(0)));
    options.output = default_run_folder(config, seed);
  }
  return from_config(read, std::move(options));
}

Run Run::from_config(const Config& config, ExperimentOptions options) {
  if (options.output.empty()) throw StateError("a run from a config at hand needs options.output");
  const RunPlan plan = RunPlan::of(config);
  if (plan.single) return {nullptr, std::make_unique<SingleTaskRuns>(plan.config, std::move(options))};
  return {std::make_unique<Experiment>(Experiment::from_config(plan.config, std::move(options))), nullptr};
}

void Run::on_report(std::function<void(const StepReport&)> listener) {
  single_ != nullptr ? single_->on_report(std::move(listener)) : experiment_->on_report(std::move(listener));
}
void Run::on_epoch(std::function<void(std::int64_t, const Evaluation&, bool)> listener) {
  single_ != nullptr ? single_->on_epoch(std::move(listener)) : experiment_->on_epoch(std::move(listener));
}
Results Run::fit(const std::atomic<bool>* stop) {
  return single_ != nullptr ? single_->fit(stop) : experiment_->fit(stop);
}
bool Run::finished() const { return single_ != nullptr ? single_->finished() : experiment_->finished(); }
const std::filesystem::path& Run::folder() const {
  return single_ != nullptr ? single_->folder() : experiment_->folder();
}

}  // namespace infomtl
