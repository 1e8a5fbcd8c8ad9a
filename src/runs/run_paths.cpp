#include "infomtl/runs/run_paths.h"

#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/data/dataset.h"

namespace infomtl {

Json with_absolute_paths(const Config& config) {
  std::vector<std::string> paths = {"encoder.path", "start", "start.run"};
  for (const std::string& field : data_path_fields(config.object("data"))) paths.push_back("data." + field);
  return config.effective(paths);
}

}  // namespace infomtl
