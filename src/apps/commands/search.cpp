#include "infomtl/study/search.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "interrupt.h"

namespace infomtl::commands {

int search(const SearchOptions& options) {
  const std::atomic<bool>* stop = catch_interrupts();
  const ExperimentOptions run{
      .overrides = options.overrides, .output = options.output, .progress = isatty(STDERR_FILENO) != 0};
  const Search done = run_search(options.config, run, stop);
  std::fputs((options.json ? done.to_json().dump(2) + "\n" : done.table()).c_str(), stdout);
  return status_after_training("the same command goes on");
}

}  // namespace infomtl::commands
