#include <cstdio>

#include "commands.h"
#include "infomtl/analysis/information_benchmark.h"
#include "infomtl/core/config.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"

namespace infomtl::commands {

int information(const InformationOptions& options) {
  const auto settings =
      Config::from_text("{}", "information", {}, options.overrides).read<InformationBenchmarkSettings>();
  const InformationReport report = information_benchmark(
      settings, [](std::string_view estimator) { log::info("estimator " + std::string(estimator)); });
  if (!options.picture.empty()) {
    write_file_atomically(options.picture, report.svg());
    log::info("picture: " + options.picture.string());
  }
  std::fputs((options.json ? report.json().dump(2) + "\n" : report.table()).c_str(), stdout);
  return 0;
}

}  // namespace infomtl::commands
