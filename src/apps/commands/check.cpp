#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "infomtl/study/study_check.h"

namespace infomtl::commands {

int check(const CheckOptions& options) {
  const ConfigReport report = check_file(options.config, options.overrides);
  const std::string text = options.json ? report.json().dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                                        : report.text(options.examples);
  std::fputs(text.c_str(), stdout);
  return report.data.problems.empty() ? 0 : 2;
}

}  // namespace infomtl::commands
