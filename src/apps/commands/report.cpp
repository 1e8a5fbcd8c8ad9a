#include "infomtl/report/report.h"

#include <cstdio>

#include "commands.h"
#include "infomtl/core/log.h"
#include "infomtl/core/output_file.h"

namespace infomtl::commands {
namespace {

bool is_page(std::string_view text) { return text.find("name='generator' content='infomtl report'") != text.npos; }

}  // namespace

int report(const ReportOptions& options) {
  if (options.text) {
    std::fputs(text_report(options.folder).c_str(), stdout);
    return 0;
  }
  const std::filesystem::path page = options.output.empty() ? options.folder / "report.html" : options.output;
  const OutputKind kind{.what = "a page of infomtl report", .is_of_kind = is_page};
  check_output(page, kind);
  write_output(page, html_report(options.folder), kind);
  log::info("page: " + page.string());
  return 0;
}

}  // namespace infomtl::commands
