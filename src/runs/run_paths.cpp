#include "infomtl/runs/run_paths.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/json_fields.h"
#include "infomtl/core/model_folder.h"
#include "infomtl/data/dataset.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

/// Files of labels that records in place name by themselves; the word "auto" is none.
void make_label_files_absolute(const Config& data, Json& json) {
  if (!data.is_object() || data.json().contains("root") || !json.contains("tasks") || !json["tasks"].is_array()) return;
  const std::vector<Config> tasks = data.list("tasks");
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (!tasks[t].is_object() || !tasks[t].json().contains("labels")) continue;
    const Json& labels = tasks[t].json()["labels"];
    if (labels.is_string() && labels != "auto") json["tasks"][t]["labels"] = tasks[t].path("labels").string();
  }
}

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

}  // namespace

Json with_absolute_paths(const Config& config) {
  std::vector<std::string> paths = {"encoder.path", "start", "start.run"};
  for (const std::string& field : data_path_fields(config.object("data"))) paths.push_back("data." + field);
  Json json = config.effective(paths);
  if (json.contains("data")) make_label_files_absolute(config.object("data"), json["data"]);
  // A model that the Hugging Face cache has under the name given here.
  if (json.contains("encoder") && json["encoder"].is_object() && json["encoder"].value("path", Json()).is_string()) {
    const std::string path = json["encoder"]["path"];
    json["encoder"]["path"] = find_model_folder(config.object("encoder").text("path"), path).string();
  }
  return json;
}

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
    const fs::path rest = without_slash(text).lexically_relative(old);
    if (*rest.begin() != "..") text = (now / rest).lexically_normal().string();
  });
  return config;
}

}  // namespace infomtl
