#include <unistd.h>

#include <cstdio>

#include "commands.h"
#include "infomtl/runs/status_line.h"
#include "infomtl/study/comparison.h"
#include "interrupt.h"

namespace infomtl::commands {

int compare(const CompareOptions& options) {
  const std::atomic<bool>* stop = catch_interrupts();
  const ExperimentOptions run{
      .overrides = options.overrides, .output = options.output, .progress = isatty(STDERR_FILENO) != 0};
  const Comparison comparison = run_comparison(
      options.config, {.seeds = {options.seeds.begin(), options.seeds.end()}, .split = options.split}, run, stop);
  const std::string text = options.format == "json" ? comparison.to_json().dump(2) + "\n"
                                                    : comparison.table(options.format, terminal_columns(STDOUT_FILENO));
  std::fputs(text.c_str(), stdout);
  return status_after_training("the same command goes on");
}

}  // namespace infomtl::commands
