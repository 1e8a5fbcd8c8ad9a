#include "infomtl/report/report.h"

#include <cstdio>

#include "commands.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"

namespace infomtl::commands {

int report(const ReportOptions& options) {
  if (options.text) {
    std::fputs(text_report(options.folder).c_str(), stdout);
    return 0;
  }
  const std::filesystem::path page = options.output.empty() ? options.folder / "report.html" : options.output;
  if (std::filesystem::is_directory(page)) throw UserError(page.string() + ": is a folder; name a file");
  write_file_atomically(page, html_report(options.folder));
  log::info("page: " + page.string());
  return 0;
}

}  // namespace infomtl::commands
