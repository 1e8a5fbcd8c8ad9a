#include "infomtl/runs/run_state.h"

#include "runs/run_folder.h"

namespace infomtl {

RunState run_state(const std::filesystem::path& folder) {
  const RunFolder run(folder);
  if (std::filesystem::exists(run.results())) return RunState::finished;
  return run.locked_elsewhere() ? RunState::busy : RunState::open;
}

std::optional<Results> finished_results(const std::filesystem::path& folder, std::int64_t stop_after_epochs) {
  return RunFolder(folder, stop_after_epochs).finished();
}

void remove_checkpoints(const std::filesystem::path& folder) {
  const RunFolder run(folder);
  if (!std::filesystem::exists(folder) || run.locked_elsewhere()) return;
  std::error_code ignored;  // other processes may do the same
  std::filesystem::remove_all(run.last().parent_path(), ignored);
  if (!run.single()) return;
  for (const auto& task : std::filesystem::directory_iterator(folder / "single", ignored)) {
    std::filesystem::remove_all(RunFolder(task.path()).last().parent_path(), ignored);
  }
}

}  // namespace infomtl
