#include "report/report_folder.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "infomtl/core/config.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/utf8.h"

namespace infomtl::report {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 4;  ///< folders below the one that is named

/// @throws IoError for a link that leads nowhere, a pipe or a device of that name
bool holds(const fs::path& folder, const char* name) {
  std::error_code error;
  need_regular_file(folder / name);
  return is_there(folder / name) && fs::is_regular_file(folder / name, error);
}

/// The folders in a folder, by name, hidden ones left out.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->path().filename().string().starts_with('.')) {
      found.push_back(entry->path());
    }
  }
  if (error) throw IoError(folder.string() + ": cannot be listed: " + error.message());
  std::sort(found.begin(), found.end());
  return found;
}

std::string name_of(const fs::path& folder) {
  fs::path path = fs::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return printable(path.filename().string());
}

bool is_seed_folder(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name.starts_with("seed-") && name.size() > 5 && name.find_first_not_of("0123456789", 5) == std::string::npos &&
         is_run_folder(folder);
}

bool holds_seeds(const fs::path& folder) {
  const std::vector<fs::path> folders = folders_in(folder);
  return holds(folder, "summary.json") || std::any_of(folders.begin(), folders.end(), is_seed_folder);
}

/// Reads a run of several: one that cannot be read becomes a notice.
void add_run(const fs::path& folder, const std::string& name, MethodRuns& method, std::vector<std::string>& notices) {
  try {
    method.runs.push_back(read_run(folder, name));
    for (const std::string& note : method.runs.back().notes) notices.push_back(name + ": " + note);
  } catch (const Error& error) {
    notices.push_back("The run " + name + " could not be read and is left out: " + printable(error.what()));
  }
}

MethodRuns read_seeds(const fs::path& folder, const std::string& key, const std::string& name,
                      std::vector<std::string>& notices) {
  MethodRuns method{.key = key, .name = name, .runs = {}};
  for (const fs::path& seed : folders_in(folder)) {
    if (is_seed_folder(seed)) add_run(seed, name + "/" + seed.filename().string(), method, notices);
  }
  std::stable_sort(method.runs.begin(), method.runs.end(),
                   [](const RunRecord& a, const RunRecord& b) { return a.seed < b.seed; });
  return method;
}

/// A folder named in a comparison.json, which must lie below the comparison's own.
fs::path folder_below(const fs::path& parent, const std::string& name, const std::string& file) {
  const fs::path relative = fs::path(name).lexically_normal();
  if (relative.is_absolute() || (!relative.empty() && *relative.begin() == "..")) {
    throw ConfigError(file + ": the folder \"" + printable(name) + "\" is not below the comparison's own");
  }
  return parent / relative;
}

/// @param missing  grows by the method and its seeds without a readable folder
MethodRuns runs_of_method(const fs::path& folder, const MethodScores& scores, std::vector<std::string>& notices,
                          std::string& missing) {
  std::error_code error;
  MethodRuns method{.key = scores.key, .name = scores.name, .runs = {}};
  if (fs::is_directory(folder, error)) method = read_seeds(folder, scores.key, scores.name, notices);
  std::vector<std::string> seeds;
  for (const std::string& seed : scores.seeds) {
    const bool there = std::any_of(method.runs.begin(), method.runs.end(),
                                   [&](const RunRecord& run) { return run.seed && std::to_string(*run.seed) == seed; });
    if (!there) seeds.push_back(seed);
  }
  if (!seeds.empty()) missing += (missing.empty() ? "" : "; ") + scores.name + ", seed " + joined(seeds);
  return method;
}

std::string axes_text(const ComparisonCell& cell) {
  std::vector<std::string> texts;
  for (const auto& [path, value] : cell.axes) texts.push_back(path + " = " + value);
  return joined(texts);
}

/// The tasks that have a score in the cell: cells may be of other tasks each.
std::vector<ScoredTask> tasks_of_cell(const ComparisonRecord& record, const ComparisonCell& cell) {
  std::vector<ScoredTask> tasks = record.tasks;
  std::erase_if(tasks, [&](const ScoredTask& task) {
    return std::none_of(cell.methods.begin(), cell.methods.end(), [&](const MethodScores& method) {
      const auto found = method.per_task.find(task.name);
      return found != method.per_task.end() && !std::isnan(found->second.spread.mean);
    });
  });
  return tasks.empty() ? record.tasks : tasks;
}

void add_comparison(const fs::path& folder, const std::string& title, ReportFolder& report) {
  const fs::path path = folder / "comparison.json";
  const std::string file = path.string(), text = read_regular_file(path);
  if (text.starts_with("//")) {  // as `infomtl search` begins the one that confirms its winners
    throw UserError(file + ": is a comparison's config, not its results; name the folder that `infomtl compare` fills");
  }
  const Json json = parse_json(text, file);
  if (comparison_format(json, file) == 1) {
    ReportPart part;
    part.title = title;
    part.notices.emplace_back(
        "comparison.json has format 1, which says less than a report shows: no 95 % intervals, no corrected p, no "
        "budgets. The scores here are read from the run folders, without tests. `infomtl compare` with the same "
        "config and --output writes the file anew; it keeps finished runs.");
    const Config config = Config::from_json(json, file);
    const Config methods = config.object("methods");
    for (const auto& [key, value] : methods.json().items()) {
      const fs::path own = folder_below(folder, key, file);
      std::error_code error;
      if (fs::is_directory(own, error)) part.methods.push_back(read_seeds(own, key, key, part.notices));
    }
    part.score_runs();
    part.scores.baseline = config.text("baseline", "");
    report.parts.push_back(std::move(part));
    return;
  }
  ComparisonRecord record = read_comparison(json, file);
  for (const ComparisonCell& cell : record.cells) {
    ReportPart part;
    part.title = title;
    if (const std::string axes = axes_text(cell); !axes.empty()) part.title += (title.empty() ? "" : ": ") + axes;
    part.scores = {record.split,          record.baseline, tasks_of_cell(record, cell),
                   record.left_out_tasks, record.joint,    {cell}};
    const fs::path cell_folder = folder_below(folder, cell.folder, file);
    std::string missing;
    for (const MethodScores& method : cell.methods) {
      const fs::path own = folder_below(cell_folder, method.folder, file);
      part.methods.push_back(runs_of_method(own, method, part.notices, missing));
    }
    if (!missing.empty()) {
      part.notices.push_back(
          "Scored in comparison.json, but with no run folder that can be read, so without curves: " + missing + ".");
    }
    report.parts.push_back(std::move(part));
  }
  if (record.cells.size() > 1) report.cells = std::move(record);
}

void add_search(const fs::path& folder, const std::string& title, ReportFolder& report) {
  const fs::path file = folder / "search.json";
  ReportPart part;
  part.title = title;
  part.search = read_search(read_json(file), file.string());
  if (!part.search->finished) part.notices.emplace_back("The search is not finished; trials may still be scored.");
  report.parts.push_back(std::move(part));
}

void add_relatedness(const fs::path& folder, const std::string& title, ReportFolder& report) {
  const fs::path file = folder / "relatedness.json";
  if (!holds(folder, "relatedness.json")) return;
  report.relatedness.push_back(read_relatedness(read_json(file), file.string()));
  report.relatedness.back().title = title;
}

/// Runs and seeds below a plain folder go to one part, `loose`; comparisons and searches are parts of their own.
void add_folder(const fs::path& folder, const std::string& name, int depth, ReportPart& loose, ReportFolder& report) {
  if (!name.empty()) add_relatedness(folder, name, report);
  if (holds(folder, "comparison.json")) {
    add_comparison(folder, name, report);
  } else if (holds(folder, "search.json")) {
    add_search(folder, name, report);
  } else if (is_run_folder(folder)) {
    MethodRuns method{.key = name, .name = name, .runs = {}};
    add_run(folder, name, method, loose.notices);
    if (!method.runs.empty()) loose.methods.push_back(std::move(method));
  } else if (holds_seeds(folder)) {
    MethodRuns method = read_seeds(folder, name, name, loose.notices);
    if (!method.runs.empty()) loose.methods.push_back(std::move(method));
  } else if (depth < kDeepest) {
    for (const fs::path& below : folders_in(folder)) {
      const std::string own = printable(below.filename().string());
      add_folder(below, name.empty() ? own : name + "/" + own, depth + 1, loose, report);
    }
  }
}

[[noreturn]] void fail_empty(const fs::path& folder, const std::vector<std::string>& notices) {
  if (!notices.empty()) throw FormatError(folder.string() + ": nothing here can be read; " + notices.front());
  throw UserError(folder.string() +
                  ": holds no run, no seeds, no comparison and no search (looked for results.json, log.jsonl, "
                  "summary.json, comparison.json, search.json and relatedness.json here and up to " +
                  std::to_string(kDeepest) + " folders down)");
}

}  // namespace

const MethodScores* ReportPart::scores_of(const std::string& key) const {
  if (scores.cells.empty()) return nullptr;
  for (const MethodScores& method : scores.cells.front().methods) {
    if (method.key == key) return &method;
  }
  return nullptr;
}

void ReportPart::score_runs() {
  other_splits = comparisons_of_runs(methods);
  if (other_splits.empty()) return;
  scores = std::move(other_splits.front());
  other_splits.erase(other_splits.begin());
}

std::size_t ReportPart::run_count() const {
  std::size_t count = 0;
  for (const MethodRuns& method : methods) count += method.runs.size();
  return count;
}

ReportFolder read_report_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) throw UserError(folder.string() + ": is not a folder; name a folder of runs");
  ReportFolder report;
  report.title = name_of(folder);
  ReportPart loose;
  add_relatedness(folder, "", report);
  if (holds(folder, "comparison.json")) {
    add_comparison(folder, "", report);
    std::size_t runs = 0;
    for (const ReportPart& part : report.parts) runs += part.run_count();
    report.kind = "A comparison (comparison.json) of " + counted(report.parts.front().methods.size(), "method") +
                  " with " + counted(runs, "run") +
                  (report.parts.size() > 1 ? " in " + counted(report.parts.size(), "cell") : "") + ".";
  } else if (holds(folder, "search.json")) {
    add_search(folder, "", report);
    std::size_t trials = 0;
    for (const MethodTrials& method : report.parts.front().search->methods) trials += method.trials.size();
    report.kind = "A search (search.json) with " + counted(trials, "trial") + ".";
  } else if (is_run_folder(folder)) {
    MethodRuns method{.key = report.title, .name = report.title, .runs = {}};
    method.runs.push_back(read_run(folder, report.title));
    for (const std::string& note : method.runs.back().notes) loose.notices.push_back(note);
    report.kind = method.runs.back().results ? "One finished run (results.json, log.jsonl)."
                                             : "One run that is not finished (a log without results.json).";
    loose.methods.push_back(std::move(method));
  } else if (holds_seeds(folder)) {
    MethodRuns method = read_seeds(folder, report.title, report.title, loose.notices);
    if (method.runs.empty()) fail_empty(folder, loose.notices);
    report.kind = "One config under " + counted(method.runs.size(), "seed") +
                  (holds(folder, "summary.json") ? " (summary.json)." : ", without a summary.json yet.");
    loose.methods.push_back(std::move(method));
  } else {
    add_folder(folder, "", 0, loose, report);
    if (report.parts.empty() && loose.methods.empty()) {
      if (report.relatedness.empty()) fail_empty(folder, loose.notices);
      report.kind = "Measures of how tasks relate (relatedness.json).";
      return report;
    }
    const std::size_t studies = report.parts.size(), runs = loose.run_count();
    report.kind = "A folder that holds " +
                  (studies > 0 ? counted(studies, "table") + " of comparisons or searches" : "") +
                  (studies > 0 && runs > 0 ? " and " : "") + (runs > 0 ? counted(runs, "single run") : "") + ".";
    if (studies > 0) loose.title = "Single runs";
    report.cells.reset();  // cells of one comparison among other things: its parts show them
  }
  if (!loose.methods.empty()) {
    loose.score_runs();
    report.parts.push_back(std::move(loose));
  } else if (!loose.notices.empty() && !report.parts.empty()) {
    auto& notices = report.parts.front().notices;
    notices.insert(notices.end(), loose.notices.begin(), loose.notices.end());
  }
  return report;
}

}  // namespace infomtl::report
