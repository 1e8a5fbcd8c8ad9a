#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "infomtl/analysis/influence_run.h"
#include "infomtl/analysis/influence_selection.h"
#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/output_file.h"
#include "interrupt.h"
#include "timed_progress.h"

namespace infomtl::commands {
namespace {

namespace fs = std::filesystem;

/// The options as settings; messages name the option. JSON has no NaN and no infinity: they are told here.
InfluenceSettings settings_of(const InfluenceOptions& options) {
  std::vector<WrittenOverride> written;
  const auto add = [&](const std::string& name, const Json& value) {
    written.push_back({name + "=" + value.dump(), "--" + name});
  };
  const auto add_number = [&](const std::string& name, std::optional<double> value) {
    if (!value) return;
    if (!std::isfinite(*value)) {
      throw UserError("--" + name + ": found " + std::to_string(*value) + "; must be a finite number");
    }
    add(name, *value);
  };
  if (!options.shared.empty()) add("shared", options.shared);
  if (!options.sharing.empty()) add("sharing", options.sharing);
  if (!options.backend.empty()) add("backend", options.backend);
  add_number("penalty", options.penalty);
  add_number("ridge", options.ridge);
  if (!options.tasks.empty()) add("tasks", options.tasks);
  return Config::from_text("{}", "influence")
      .overridden_as_written(written)
      .overridden(options.overrides)
      .read<InfluenceSettings>();
}

/// As leave_out_file() writes it.
bool is_leave_out_file(std::string_view text) {
  return text.starts_with("{\n \"about\": ") && text.find("\n \"rows\": ") != text.npos;
}

const OutputKind& leave_out_kind() {
  static const OutputKind kKind{.what = "a file of infomtl influence --write", .is_of_kind = is_leave_out_file};
  return kKind;
}

/// What cannot be written in the end is told before anything is computed.
void check_selection(const InfluenceOptions& options) {
  if (options.select.has_value() != !options.write.empty()) {
    throw UserError("--select and --write belong together: --select 0.1 --write leave_out.json");
  }
  if (!options.select) return;
  const fs::path &file = options.write, folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (fs::is_directory(file)) throw UserError("--write " + file.string() + ": is a folder; name a file");
  if (!fs::is_directory(folder))
    throw UserError("--write " + file.string() + ": there is no folder " + folder.string());
  if (access(folder.c_str(), W_OK) != 0) {
    throw UserError("--write " + file.string() + ": the folder " + folder.string() + " cannot be written to");
  }
  with_context("--write", [&] { check_output(file, leave_out_kind()); });
}

void write_selection(const InfluenceOptions& options, const InfluenceResult& result) {
  const double share = *options.select;
  const std::string share_text = Json(share).dump() + " of the rows of every task";
  ChosenRows rows;
  std::string about;
  if (options.select_random) {
    rows = random_rows(result, share, *options.select_random);
    about = share_text + " by chance, seed " + std::to_string(*options.select_random) + ", of the run " +
            options.run.string();
  } else {
    rows = harmful_rows(result, share, options.target);
    about = share_text + ", the most harmful to the validation loss of " +
            (options.target.empty() ? "all tasks" : "task " + options.target) + ", of the run " + options.run.string();
    const std::string fewer = short_of_share(result, rows, share);
    if (!fewer.empty()) log::warning(fewer);
  }
  const std::filesystem::path config = options.run / "config.json";
  if (is_there(config)) {
    const Json json = read_json(config);
    ChosenRows all = with_context(config.string(), [&] { return with_rows_left_out_before(rows, json); });
    if (all != rows) about += ", and the rows that this run was trained without";
    rows = std::move(all);
  }
  write_output(options.write, leave_out_file(rows, about), leave_out_kind());
  log::info("rows to leave out: " + options.write.string());
}

}  // namespace

int influence(const InfluenceOptions& options) {
  check_selection(options);
  const InfluenceRequest request{.settings = settings_of(options),
                                 .data_folder = options.data_root,
                                 .leave_one_out = options.leave_one_out,
                                 .subsets = options.subsets,
                                 .mislabel = options.mislabel,
                                 .target = options.target};
  TimedProgress progress;
  InfluenceHooks hooks;
  hooks.progress = [&](const std::string& text) { progress.show(text); };
  hooks.stop = catch_interrupts();
  try {
    const InfluenceReport report = influence_of_run(options.run, request, hooks);
    progress.clear();
    for (const std::string& warning : report.result.warnings) log::warning(warning);
    for (const std::string& note : report.result.notes) log::info(note);
    if (options.select) write_selection(options, report.result);
    log::info("rows: " + (options.run / "influence" / "rows.csv").string());
    std::fputs((options.json ? report.json().dump(2) + "\n" : report.table()).c_str(), stdout);
    return 0;
  } catch (const InfluenceStopped&) {
    progress.clear();
    return status_after_training("the same command goes on with what is finished");
  }
}

}  // namespace infomtl::commands
