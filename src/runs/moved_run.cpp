#include "runs/moved_run.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_fields.h"
#include "infomtl/core/json_file.h"
#include "infomtl/data/dataset.h"
#include "infomtl/runs/run_paths.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

bool has_root(const Json& config) { return config.at("data").value("root", Json()).is_string(); }

/// Calls `visit` with every absolute path of the data section.
template <class Visit>
void visit_data_paths(Json& config, const Visit& visit) {
  Json& data = config.at("data");
  std::vector<std::string> fields = data_path_fields(Config::from_json(data));
  fields.emplace_back("tasks[].labels");
  for (const std::string& field : fields) {
    visit_strings(data, field, [&](std::string& text, const std::string&) {
      if (fs::path(text).is_absolute()) visit(text);
    });
  }
}

fs::path without_slash(const fs::path& path) { return path.has_filename() ? path : path.parent_path(); }

fs::path common_folder(const fs::path& one, const fs::path& other) {
  fs::path common;
  for (auto a = one.begin(), b = other.begin(); a != one.end() && b != other.end() && *a == *b; ++a, ++b) common /= *a;
  return common;
}

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

/// `path` seen from `folder`; nothing where it does not lie there.
fs::path below(const fs::path& path, const fs::path& folder) {
  const auto [rest, end] = std::mismatch(path.begin(), path.end(), folder.begin(), folder.end());
  if (end != folder.end()) return {};
  fs::path found = ".";
  for (auto part = rest; part != path.end(); ++part) found /= *part;
  return found;
}

}  // namespace

fs::path data_folder(const Json& config) {
  if (!config.is_object() || !config.contains("data") || !config["data"].is_object()) return {};
  if (has_root(config)) return without_slash(config["data"]["root"].get<std::string>());
  fs::path common;
  Json copy = config;
  visit_data_paths(copy, [&](const std::string& text) {
    const fs::path folder = fs::path(text).parent_path();
    common = common.empty() ? folder : common_folder(common, folder);
  });
  return common;
}

Json with_data_in(Json config, const fs::path& folder) {
  const fs::path old = data_folder(config);
  if (old.empty()) throw UserError("its config names no file of data that could lie elsewhere");
  const fs::path now = fs::absolute(folder).lexically_normal();
  visit_data_paths(config, [&](std::string& text) {
    const fs::path rest = below(without_slash(text), old);
    if (!rest.empty()) text = (now / rest).lexically_normal().string();
  });
  return config;
}

Config with_data_in(const Config& config, const ExperimentOptions& options) {
  if (options.data_folder.empty()) return config;
  const fs::path folder = fs::absolute(options.data_folder);
  const bool no_root = !config.object("data").has("root");
  if (no_root && options.resume) {
    return Config::from_json(with_data_in(with_absolute_paths(config), folder), config.where());
  }
  return config.overridden({"data.root=" + Json(folder.string()).dump()});
}

void take_places_out(Json& saved, Json& effective, const fs::path& checkpoint, bool data_moved) {
  const fs::path old = data_folder(saved);
  if (!old.empty() && !data_folder(effective).empty() && (data_moved || !fs::exists(old))) {
    for (Json* config : {&saved, &effective}) *config = with_data_in(*config, "/");
  }
  if (checkpoint.empty() || !has_encoder(saved) || !has_encoder(effective)) return;
  const fs::path now = effective["encoder"]["path"].get<std::string>();
  if (fs::exists(saved["encoder"]["path"].get<std::string>())) return;
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
