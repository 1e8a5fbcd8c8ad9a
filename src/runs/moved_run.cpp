#include "runs/moved_run.h"

#include <nlohmann/json.hpp>
#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/runs/run_paths.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

bool has_encoder(const Json& config) {
  return config.is_object() && config.contains("encoder") && config["encoder"].is_object() &&
         config["encoder"].value("path", Json()).is_string();
}

/// What of a model folder is not as a checkpoint of it has it; empty where all is. Keys that only one config.json has are
/// those of another program that wrote it.
std::string difference_of_model(const fs::path& folder, const fs::path& checkpoint) {
  for (const auto& entry : fs::directory_iterator(checkpoint)) {
    const std::string name = entry.path().filename().string();
    if (name == "config.json" || name == "state.json" || name.ends_with(".safetensors")) continue;
    if (!fs::exists(folder / name) || read_file(folder / name) != read_file(entry.path())) return name;
  }
  const Json config = read_json(folder / "config.json"), saved = read_json(checkpoint / "config.json");
  for (const auto& [key, value] : saved.items()) {
    if (config.contains(key) && config[key] != value) return "config.json#/" + key;
  }
  return {};
}

}  // namespace

Config with_data_in(const Config& config, const fs::path& given, bool goes_on) {
  if (given.empty()) return config;
  const fs::path folder = fs::absolute(given);
  const bool no_root = !config.object("data").has("root");
  if (no_root && goes_on) {
    return Config::from_json(with_data_in(with_absolute_paths(config), folder), config.where());
  }
  return config.overridden({"data.root=" + Json(folder.string()).dump()});
}

void take_places_out(Json& saved, Json& effective, const fs::path& checkpoint, bool data_moved) {
  const fs::path old = data_folder(saved);
  if (!old.empty() && !data_folder(effective).empty() && (data_moved || !fs::exists(old))) {
    for (Json* config : {&saved, &effective}) *config = with_data_in(*config, "/");
  }
  if (!has_encoder(saved) || !has_encoder(effective)) return;
  const fs::path now = effective["encoder"]["path"].get<std::string>();
  if (fs::exists(saved["encoder"]["path"].get<std::string>()) || !fs::exists(checkpoint)) return;
  if (fs::exists(now) && !difference_of_model(now, checkpoint).empty()) return;
  for (Json* config : {&saved, &effective}) (*config)["encoder"].erase("path");
}

void refuse_other_model_folder(const fs::path& folder, const fs::path& checkpoint) {
  const std::string difference = difference_of_model(folder, checkpoint);
  if (difference.empty()) return;
  throw UserError(folder.string() + ": its " + difference + " is not that of " + checkpoint.string() +
                  ", so the run cannot go on with it; put the old one back, or train into another folder");
}

}  // namespace infomtl
