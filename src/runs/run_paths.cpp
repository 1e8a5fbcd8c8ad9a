#include "infomtl/runs/run_paths.h"

#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/model_folder.h"
#include "infomtl/data/dataset.h"

namespace infomtl {

Json with_absolute_paths(const Config& config) {
  std::vector<std::string> paths = {"encoder.path", "start", "start.run"};
  for (const std::string& field : data_path_fields(config.object("data"))) paths.push_back("data." + field);
  Json json = config.effective(paths);
  // A model that the Hugging Face cache has under the name given here.
  if (json.contains("encoder") && json["encoder"].is_object() && json["encoder"].value("path", Json()).is_string()) {
    const std::string path = json["encoder"]["path"];
    json["encoder"]["path"] = find_model_folder(config.object("encoder").text("path"), path).string();
  }
  return json;
}

}  // namespace infomtl
