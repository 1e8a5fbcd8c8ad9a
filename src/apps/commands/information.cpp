#include <cstdio>

#include "commands.h"
#include "infomtl/analysis/information_benchmark.h"
#include "infomtl/core/config.h"
#include "infomtl/core/log.h"
#include "infomtl/core/output_file.h"

namespace infomtl::commands {
namespace {

bool is_picture(std::string_view text) {
  return text.starts_with("<svg") && text.find("Mutual information of Gaussian pairs") != text.npos;
}

}  // namespace

int information(const InformationOptions& options) {
  const auto settings =
      Config::from_text("{}", "information", {}, options.overrides).read<InformationBenchmarkSettings>();
  const OutputKind kind{.what = "a picture of infomtl information", .is_of_kind = is_picture};
  if (!options.picture.empty()) check_output(options.picture, kind);
  const InformationReport report = information_benchmark(
      settings, [](std::string_view estimator) { log::info("estimator " + std::string(estimator)); });
  if (!options.picture.empty()) {
    write_output(options.picture, report.svg(), kind);
    log::info("picture: " + options.picture.string());
  }
  std::fputs((options.json ? report.json().dump(2) + "\n" : report.table()).c_str(), stdout);
  return 0;
}

}  // namespace infomtl::commands
