#include "analysis/related_runs.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/core/json_file.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepestFolder = 6;  ///< below the one that is named

bool has_file(const fs::path& folder, const char* name) {
  std::error_code error;
  return fs::is_regular_file(folder / name, error);
}

/// Whether a run was begun here: train writes config.json before anything else.
bool is_run(const fs::path& folder) {
  std::error_code error;
  return has_file(folder, "config.json") && (has_file(folder, "results.json") || has_file(folder, "log.jsonl") ||
                                             fs::is_directory(folder / "single", error));
}

RelatedRun read_related_run(const fs::path& folder) {
  const Json config = read_json(folder / "config.json"), results = read_json(folder / "results.json");
  RelatedRun run;
  run.folder = folder;
  run.name = folder.lexically_normal().string();
  run.method = method_of(config);
  run.single = fs::is_directory(folder / "single");
  run.results = with_context((folder / "results.json").string(), [&] { return Results::from_json(results); });
  return run;
}

void add_runs(const fs::path& folder, int depth, std::vector<RelatedRun>& runs, std::vector<std::string>& unfinished,
              std::vector<std::string>& left_out) {
  if (is_run(folder)) {
    if (!has_file(folder, "results.json")) {
      unfinished.push_back(folder.lexically_normal().string());
      return;
    }
    try {
      runs.push_back(read_related_run(folder));
    } catch (const Error& error) {
      left_out.push_back("the run " + folder.string() + " cannot be read: " + error.what());
    }
    return;
  }
  if (depth >= kDeepestFolder) return;
  std::vector<fs::path> below;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && !entry.path().filename().string().starts_with('.')) below.push_back(entry.path());
  }
  std::sort(below.begin(), below.end());
  for (const fs::path& next : below) add_runs(next, depth + 1, runs, unfinished, left_out);
}

}  // namespace

std::vector<std::string> RelatedRun::tasks() const {
  std::vector<std::string> names;
  for (const auto& [task, result] : results.tasks) names.push_back(task);
  return names;
}

std::string method_of(const Json& config) {
  Json rest = config;
  for (const char* key : {"seed", "name", "description"}) rest.erase(key);
  if (rest.contains("data") && rest["data"].is_object()) rest["data"].erase("tasks");
  if (rest.contains("training") && rest["training"].is_object()) {
    // One model per task is trained as a run of one task is.
    if (rest["training"].value("regime", Json()) == "single") rest["training"]["regime"] = "alternating";
  }
  return nlohmann::json(rest).dump();  // keys in one order
}

std::vector<RelatedRun> runs_below(const fs::path& folder, std::vector<std::string>& left_out) {
  if (!fs::is_directory(folder)) throw UserError(folder.string() + ": no such folder of runs");
  std::vector<RelatedRun> runs;
  std::vector<std::string> unfinished;
  try {
    add_runs(folder, 0, runs, unfinished, left_out);
  } catch (const fs::filesystem_error& error) {
    throw IoError(folder.string() + ": cannot be listed: " + error.code().message());
  }
  if (!unfinished.empty()) {
    left_out.push_back(std::to_string(unfinished.size()) + (unfinished.size() == 1 ? " run" : " runs") + " below " +
                       folder.string() + " that did not finish: " + unfinished.front() +
                       (unfinished.size() == 1 ? "" : " for one"));
  }
  return runs;
}

std::vector<const RelatedRun*> runs_of_all(const std::vector<RelatedRun>& runs, const std::vector<std::string>& tasks,
                                           std::vector<std::string>& others) {
  std::vector<const RelatedRun*> found;
  const std::set<std::string> wanted(tasks.begin(), tasks.end());
  for (const RelatedRun& run : runs) {
    const std::vector<std::string> own = run.tasks();
    if (run.single || own.size() < 2 || std::set<std::string>(own.begin(), own.end()) != wanted) continue;
    if (found.empty() || found.front()->method == run.method) {
      found.push_back(&run);
    } else {
      others.push_back(run.name);
    }
  }
  return found;
}

std::string names_of(const std::vector<const RelatedRun*>& runs) {
  if (runs.empty()) return "";
  return runs.front()->name + (runs.size() > 1 ? " and " + std::to_string(runs.size() - 1) + " more" : "");
}

}  // namespace infomtl
