#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/hash.h"
#include "infomtl/core/json_file.h"
#include "infomtl/data/task_json.h"
#include "infomtl/text/tokenizer.h"
#include "infomtl/train/checkpoint.h"
#include "train/checkpoint_files.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

/// What readers of state.json count on. @throws FormatError without the file's name, Json::exception
void check_state(const Json& state) {
  const Json& progress = state.at("progress");
  if (!progress.is_object()) throw FormatError("progress is not an object");
  for (const char* const number : {"steps", "best_epoch"}) {
    if (progress.contains(number) && !progress.at(number).is_number_integer()) {
      throw FormatError(std::string("progress/") + number + " is not an integer");
    }
  }
  if (!state.at("tasks").is_array()) throw FormatError("tasks is not a list");
  if (state.at("tasks").empty()) throw FormatError("names no task");
  if (!state.at("weighting_counters").is_object()) throw FormatError("weighting_counters is not an object");
  if (!state.at("optimizer_steps").is_number_integer()) throw FormatError("optimizer_steps is not an integer");
  if (!state.at("files").is_object()) throw FormatError("files is not an object");
  fewer_updates(state);
}

/// Verifies the files that `wanted` picks among those listed. @throws IoError, FormatError
template <class Wanted>
void verify_files(const fs::path& folder, const Json& state, const Wanted& wanted) {
  for (const auto& [name, sum] : state.at("files").items()) {
    if (!wanted(name)) continue;
    if (name != fs::path(name).filename()) {
      throw FormatError((folder / kCheckpointState).string() + ": names a file elsewhere");
    }
    if (sum != Json(sha256_of_file(folder / name))) {
      throw FormatError((folder / name).string() + ": is not what was saved (checksum differs)");
    }
  }
}

void need_listed(const fs::path& folder, const Json& state, const std::vector<const char*>& names) {
  for (const char* const name : names) {
    if (!state.at("files").contains(name)) {
      throw FormatError((folder / kCheckpointState).string() + ": does not list " + name);
    }
  }
}

/// Files that were put beside the tokenizer would be read with it, or in its place. A checkpoint that was saved without one
/// takes what its user puts there.
void refuse_unlisted(const fs::path& folder, const Json& state) {
  const std::vector<std::string> read = tokenizer_files(folder);
  const auto listed = [&](const std::string& name) { return state.at("files").contains(name); };
  if (std::none_of(read.begin(), read.end(), listed)) return;
  for (const std::string& name : read) {
    if (listed(name)) continue;
    throw FormatError((folder / name).string() + ": is not among the files that " + kCheckpointState +
                      " beside it lists, and would change how texts are read; move it away");
  }
}

}  // namespace

Json read_checkpoint_state(const fs::path& folder) {
  const fs::path file = folder / kCheckpointState;
  need_regular_file(file);
  Json state = read_json(file);
  with_context(file.string(), [&] {
    try {
      const int format = state.at("format").get<int>();
      if (format != kCheckpointFormat) {
        throw FormatError("format " + std::to_string(format) + ", but this version reads " +
                          std::to_string(kCheckpointFormat));
      }
      const auto own = state.at(kStateSum).get<std::string>();
      state.erase(kStateSum);
      if (sha256_of_text(state.dump()) != own) throw FormatError("is not what was saved (checksum differs)");
      check_state(state);
    } catch (const Json::exception& error) {
      throw FormatError(reason_of(error));
    }
  });
  return state;
}

std::vector<Task> tasks_of_state(const Json& state, const fs::path& folder) {
  return tasks_from_json(state.at("tasks"), (folder / kCheckpointState).string() + "#/tasks");
}

Json verify_checkpoint(const fs::path& folder) {
  Json state = read_checkpoint_state(folder);
  need_listed(folder, state, {"model.safetensors", "config.json", kCheckpointHeads, kCheckpointStateTensors});
  verify_files(folder, state, [](const std::string&) { return true; });
  refuse_unlisted(folder, state);
  return state;
}

bool is_checkpoint(const fs::path& folder) {
  if (!is_there(folder / kCheckpointState)) return false;
  if (is_there(folder / kCheckpointHeads)) return true;
  need_regular_file(folder / kCheckpointState);
  try {  // its heads may have been taken away
    const Json state = read_json(folder / kCheckpointState);
    return state.is_object() && state.contains("format") && state.contains("files") && state.contains(kStateSum);
  } catch (const FormatError&) {
    return false;  // another program's file of that name
  }
}

Json verify_checkpoint_encoder(const fs::path& folder) {
  Json state = read_checkpoint_state(folder);
  need_listed(folder, state, {"model.safetensors", "config.json"});
  verify_files(folder, state,
               [](const std::string& name) { return name != kCheckpointHeads && name != kCheckpointStateTensors; });
  refuse_unlisted(folder, state);
  return state;
}

void verify_model_folder(const fs::path& folder) {
  if (is_checkpoint(folder)) verify_checkpoint_encoder(folder);
}

}  // namespace infomtl
