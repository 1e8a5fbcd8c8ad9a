#include "infomtl/runs/run_paths.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/model_folder.h"
#include "infomtl/data/dataset.h"

namespace infomtl {
namespace {

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

}  // namespace infomtl
