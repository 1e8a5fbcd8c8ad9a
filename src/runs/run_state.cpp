#include "infomtl/runs/run_state.h"

#include "runs/run_folder.h"

namespace infomtl {

RunState run_state(const std::filesystem::path& folder) {
  const RunFolder run(folder);
  if (std::filesystem::exists(run.results())) return RunState::finished;
  return run.locked_elsewhere() ? RunState::busy : RunState::open;
}

}  // namespace infomtl
