#include <cstdio>

#include "commands.h"
#include "infomtl/runs/trained_run.h"

namespace infomtl::commands {

int evaluate(const EvaluateOptions& options) {
  const Results results = TrainedRun::load(options.run).evaluate(options.split);
  std::fputs(options.json ? (results.to_json().dump(2) + "\n").c_str() : results.table().c_str(), stdout);
  return 0;
}

}  // namespace infomtl::commands
