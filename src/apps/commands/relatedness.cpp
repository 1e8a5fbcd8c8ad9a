#include "infomtl/analysis/relatedness.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"

namespace infomtl::commands {

int relatedness(const RelatednessOptions& options) {
  const Relatedness found =
      infomtl::relatedness(options.paths, {.split = options.split, .draws = options.draws, .rows = options.rows},
                           [](std::string_view name) { log::info("looking at " + std::string(name)); });
  std::filesystem::path folder = options.output;
  for (auto path = options.paths.begin(); folder.empty() && path != options.paths.end(); ++path) {
    if (std::filesystem::is_directory(*path)) folder = *path;
  }
  if (!folder.empty()) {
    write_file_atomically(folder / "relatedness.json", found.to_json().dump(2) + "\n");
    write_file_atomically(folder / "relatedness.svg", found.svg());
    log::info("written: " + (folder / "relatedness.json").string() + ", relatedness.svg; infomtl report " +
              folder.string() + " shows them");
  }
  std::fputs((options.json ? found.to_json().dump(2) + "\n" : found.table()).c_str(), stdout);
  return 0;
}

}  // namespace infomtl::commands
