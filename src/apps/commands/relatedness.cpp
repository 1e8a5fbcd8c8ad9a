#include "infomtl/analysis/relatedness.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/output_file.h"
#include "timed_progress.h"

namespace infomtl::commands {
namespace {

Relatedness found_by(const RelatednessOptions& options) {
  const RelatednessSettings settings{
      .split = options.split, .draws = options.draws, .rows = options.rows, .data_folder = options.data_root};
  TimedProgress lines;
  const auto progress = [&](std::string_view model, std::int64_t draw) {
    const std::string name(model);
    if (draw > 0) {
      return lines.show("gradients of " + name + ", draw " + std::to_string(draw) + " of " +
                        std::to_string(options.draws));
    }
    lines.clear();
    log::info("looking at " + name);
  };
  Relatedness found = infomtl::relatedness(options.paths, settings, progress);
  lines.clear();
  for (const std::string& run : found.unread) log::warning(run);
  if (!found.measures.empty()) return found;
  throw UserError("nothing could be measured of how " + counted(found.tasks.size(), "task") +
                  " relate: " + joined(found.unread.empty() ? found.left_out : found.unread, "; "));
}

bool is_relatedness(std::string_view text) {
  return text.starts_with('{') && text.find("\"tasks\"") != text.npos && text.find("\"measures\"") != text.npos;
}
bool is_picture(std::string_view text) { return text.starts_with("<svg xmlns='http://www.w3.org/2000/svg' viewBox="); }

const OutputKind& record_kind() {
  static const OutputKind kKind{.what = "a relatedness.json of infomtl relatedness", .is_of_kind = is_relatedness};
  return kKind;
}
const OutputKind& picture_kind() {
  static const OutputKind kKind{.what = "a picture of infomtl relatedness", .is_of_kind = is_picture};
  return kKind;
}

/// Keeps a file that has more: what took long once may not be had any more. @throws UserError
void refuse_to_lose(const Relatedness& found, const std::filesystem::path& file) {
  if (!is_there(file)) return;
  const Json earlier = read_json(file);
  const std::string lost = with_context(file.string(), [&] { return found.loss_against(earlier); });
  if (lost.empty()) return;
  throw UserError(file.string() + " is kept as it is: it has a measure of these tasks that is missing now, " + lost +
                  "; --output names another folder");
}

}  // namespace

int relatedness(const RelatednessOptions& options) {
  const Relatedness found = found_by(options);
  std::fputs((options.json ? found.to_json().dump(2) + "\n" : found.table()).c_str(), stdout);
  std::filesystem::path folder = options.output;
  for (auto path = options.paths.begin(); folder.empty() && path != options.paths.end(); ++path) {
    if (std::filesystem::is_directory(*path)) folder = *path;
  }
  if (folder.empty()) {
    log::info("nothing is written beside a config; --output FOLDER takes relatedness.json and relatedness.svg");
    return 0;
  }
  check_output(folder / "relatedness.json", record_kind());
  check_output(folder / "relatedness.svg", picture_kind());
  refuse_to_lose(found, folder / "relatedness.json");
  write_output(folder / "relatedness.json", found.to_json().dump(2) + "\n", record_kind());
  write_output(folder / "relatedness.svg", found.svg(), picture_kind());
  log::info("written: " + (folder / "relatedness.json").string() + ", relatedness.svg; infomtl report " +
            folder.string() + " shows them");
  return 0;
}

}  // namespace infomtl::commands
