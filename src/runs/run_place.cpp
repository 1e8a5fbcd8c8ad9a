#include "runs/run_place.h"

#include <algorithm>
#include <optional>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/runs/run_encoder.h"
#include "infomtl/train/checkpoint.h"
#include "runs/run_folder.h"
#include "runs/trained_config.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

fs::path without_last_slash(const fs::path& given) {
  const fs::path path = fs::absolute(given).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

bool is_run(const fs::path& folder) {
  return fs::exists(folder / "config.json") && (fs::exists(folder / "checkpoints") || fs::exists(folder / "single"));
}

[[noreturn]] void throw_no_best(const fs::path& run) {
  throw IoError(run.string() +
                ": has no best checkpoint yet; the first evaluation, at the end of an epoch, chooses one (with "
                "training.phases that of the last phase); go on with: infomtl train " +
                run.string() + " --resume");
}

/// The runs below a folder, at most so many levels deep, in order.
std::vector<fs::path> runs_below(const fs::path& folder, int levels) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_directory(error)) continue;
    if (is_run(entry.path())) {
      found.push_back(entry.path());
    } else if (levels > 1) {
      const std::vector<fs::path> deeper = runs_below(entry.path(), levels - 1);
      found.insert(found.end(), deeper.begin(), deeper.end());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string some_of(const fs::path& given, const fs::path& folder, const std::vector<fs::path>& runs) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(runs.size(), kShown); ++i) {
    shown.push_back((given / fs::relative(runs[i], folder)).string());
  }
  return joined(shown) + (runs.size() > kShown ? ", ..." : "");
}

std::int64_t steps_of(const Json& state) { return state.at("progress").value("steps", std::int64_t{0}); }

}  // namespace

RunPlace run_place(const fs::path& given) {
  const fs::path folder = without_last_slash(given);
  const std::string name = given.string();
  if (is_checkpoint(folder)) {
    const fs::path run = folder.parent_path().parent_path();
    if (folder.parent_path().filename() == "checkpoints" && is_run(run)) return {.run = run, .checkpoint = folder};
    return {.run = folder, .checkpoint = folder};
  }
  if (is_run(folder)) return {.run = given};
  if (folder.filename() == "checkpoints" && is_run(folder.parent_path())) {
    throw UserError(name + ": the checkpoints of a run; give " + folder.parent_path().string() + ", or one of them");
  }
  if (const std::vector<fs::path> runs = runs_below(folder, 3); !runs.empty()) {
    throw UserError(name + ": holds " + std::to_string(runs.size()) +
                    (runs.size() == 1 ? " run, and is none itself; give " : " runs; give one of them: ") +
                    some_of(given, folder, runs));
  }
  return {.run = given};
}

RunEncoder run_encoder(const fs::path& model) {
  const fs::path folder = without_last_slash(model);
  const fs::path above = folder.parent_path();
  RunPlace place{.run = folder};
  if (is_checkpoint(folder) && above.filename() == "checkpoints" && is_run(above.parent_path())) {
    place = {.run = above.parent_path(), .checkpoint = folder};
  } else if (!is_run(folder)) {
    if (!fs::exists(folder / "config.json")) run_place(model);  // says which of several runs to give
    verify_model_folder(folder);
    return {.folder = model};
  } else if (RunFolder(folder).single()) {
    throw UserError(model.string() +
                    ": has one model per task; give one of them: " + (model / "single" / "TASK").string());
  }
  const RunFolder run(place.run);
  RunEncoder found{.folder = place.checkpoint.empty() ? run.best() : place.checkpoint};
  if (fs::exists(found.folder.parent_path())) recover_folder(found.folder);
  if (!fs::exists(found.folder)) throw_no_best(model);
  const Json config = read_json(run.config());
  const Json encoder = config.is_object() ? config.value("encoder", Json::object()) : Json::object();
  if (!encoder.is_object()) throw FormatError(run.config().string() + "#/encoder: must be an object");
  refuse_changed_config(config, run.config(), verify_checkpoint_encoder(found.folder), found.folder);
  found.pooling = encoder.value("pooling", std::string("first"));
  found.max_length = encoder.value("max_length", std::int64_t{128});
  return found;
}

RunCheckpoints RunCheckpoints::of(const RunPlace& place) {
  const RunFolder folder(place.run);
  if (place.run != place.checkpoint) {
    if (!fs::exists(folder.config())) throw IoError(place.run.string() + ": not a run folder, it has no config.json");
    if (!fs::exists(folder.best().parent_path())) throw IoError(place.run.string() + ": has no checkpoint yet");
  }
  const fs::path main = place.checkpoint.empty() ? folder.best() : place.checkpoint;
  recover_folder(main);
  if (!fs::exists(main)) throw_no_best(place.run);
  RunCheckpoints found;
  const Json state = read_checkpoint_state(main);
  found.tasks = tasks_of_state(state, main);
  found.checkpoints.push_back({.checkpoint = main, .tasks = {}, .step = steps_of(state), .own = false});
  const std::optional<Results> results = place.checkpoint.empty() ? folder.finished() : std::nullopt;
  for (std::size_t t = 0; t < found.tasks.size(); ++t) {
    std::size_t answers = 0;
    const fs::path own = folder.best_of(found.tasks[t].name);
    if (place.checkpoint.empty() && fs::exists(own)) {
      recover_folder(own);
      const std::int64_t step = steps_of(read_checkpoint_state(own));
      while (answers < found.checkpoints.size() && found.checkpoints[answers].step != step) ++answers;
      if (answers == found.checkpoints.size()) {
        found.checkpoints.push_back({.checkpoint = own, .tasks = {}, .step = step, .own = true});
      }
    } else if (results) {
      const auto chosen = results->selected_tasks.find(found.tasks[t].name);
      if (chosen != results->selected_tasks.end() && chosen->second.step != steps_of(state)) {
        throw UserError(own.string() + ": is gone, the own best checkpoint of task \"" + found.tasks[t].name +
                        "\"; for what was best for all tasks, give " + main.string());
      }
    }
    found.checkpoints[answers].tasks.push_back(t);
  }
  std::erase_if(found.checkpoints, [](const TasksOfCheckpoint& one) { return one.tasks.empty(); });
  return found;
}

}  // namespace infomtl
