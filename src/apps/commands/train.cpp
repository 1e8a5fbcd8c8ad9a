#include <cstdio>

#include "commands.h"
#include "infomtl/core/log.h"
#include "infomtl/runs/run.h"
#include "infomtl/runs/seeds.h"
#include "interrupt.h"

namespace infomtl::commands {

int train(const TrainOptions& options) {
  const std::atomic<bool>* stop = catch_interrupts();
  ExperimentOptions experiment{.overrides = options.overrides,
                               .seed = options.seed,
                               .output = options.output,
                               .resume = options.resume,
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
    const Results results = run.fit(stop);
    if (!*stop) std::fputs(results.table(split).c_str(), stdout);
    log::info("run folder: " + run.folder().string());
  }
  return status_after_training("continue with --resume");
}

}  // namespace infomtl::commands
