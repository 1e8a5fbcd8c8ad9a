#include <cstdio>

#include "commands.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"
#include "infomtl/runs/run.h"
#include "infomtl/runs/seeds.h"
#include "interrupt.h"

namespace infomtl::commands {

namespace {

/// A run folder in place of a config means the run's own config, to go on with.
void take_run_for_config(TrainOptions& options) {
  if (!std::filesystem::is_directory(options.config)) return;
  const std::filesystem::path run = options.config;
  if (!std::filesystem::exists(run / "config.json")) {
    throw UserError(run.string() +
                    ": is a folder without the config.json of a run; name a config file, or a run folder");
  }
  if (!options.resume || !options.seeds.empty()) {
    throw UserError(run.string() + ": is a run folder; go on with it by --resume, or name a config file");
  }
  if (!options.output.empty() && !std::filesystem::equivalent(options.output, run)) {
    throw UserError(run.string() + ": a run goes on in its own folder; leave --output out");
  }
  options.config = run / "config.json";
  options.output = run;
}

}  // namespace

int train(const TrainOptions& given) {
  TrainOptions options = given;
  const std::atomic<bool>* stop = catch_interrupts();
  take_run_for_config(options);
  ExperimentOptions experiment{.overrides = options.overrides,
                               .seed = options.seed,
                               .output = options.output,
                               .resume = options.resume,
                               .more_epochs = options.resume,
                               .data_folder = options.data_root,
                               .progress = !options.quiet};
  if (options.resume && !options.output.empty() && !std::filesystem::exists(options.output)) {
    log::warning(options.output.string() + ": nothing to continue; training starts");
  }
  const std::string split = options.split == "all" ? "" : options.split;
  if (!options.seeds.empty()) {
    const Summary summary = run_seeds(options.config, {options.seeds.begin(), options.seeds.end()}, experiment, stop);
    std::fputs(summary.table(split).c_str(), stdout);
  } else {
    Run run = Run::from_config(options.config, experiment);
    log::info("run folder: " + run.folder().string() + (run.finished() ? " is finished" : ""));
    const Results results = run.fit(stop);
    if (!*stop) std::fputs(results.table(split).c_str(), stdout);
  }
  return status_after_training("continue with --resume");
}

}  // namespace infomtl::commands
