#include "study/search_winners.h"

#include <algorithm>
#include <cctype>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_difference.h"
#include "infomtl/core/log.h"
#include "infomtl/runs/run_paths.h"
#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

/// As the files of `folder` name it.
std::string named_from(const std::filesystem::path& folder, const std::filesystem::path& file) {
  const std::filesystem::path whole = std::filesystem::weakly_canonical(std::filesystem::absolute(file));
  return whole.lexically_relative(std::filesystem::weakly_canonical(std::filesystem::absolute(folder))).string();
}

std::string list_text(const std::vector<std::uint64_t>& seeds) {
  std::vector<std::string> texts;
  for (const std::uint64_t seed : seeds) texts.push_back(std::to_string(seed));
  return joined(texts);
}

/// Where a winner comes from, as lines of comment.
std::string provenance(const SearchPlan& plan, const Search& search, const SearchedMethod& method) {
  const SearchTrial& best = method.trials[*method.best];
  const std::size_t seeds = plan.seeds_at(best.rungs.size() - 1);
  const std::vector<std::uint64_t> used(plan.seeds.begin(), plan.seeds.begin() + static_cast<std::ptrdiff_t>(seeds));
  return "// Trial " + std::to_string(*method.best) + " of " + std::to_string(method.trials.size()) + " of \"" +
         method.name + "\" in the search above this folder (" + plan.algorithm.name + "), " +
         std::to_string(best.rungs.back().epochs) + " epochs under the seeds " + list_text(used) + ":\n// " +
         score_text(best.rungs.back().score, search.percent) +
         " on validation (mean). The test split was not scored. Settings: " + settings_text(best.settings) + "\n";
}

std::vector<std::uint64_t> fresh_seeds(const std::vector<std::uint64_t>& used) {
  std::vector<std::uint64_t> fresh;
  for (std::uint64_t seed = 0; fresh.size() < 5; ++seed) {
    if (std::find(used.begin(), used.end(), seed) == used.end()) fresh.push_back(seed);
  }
  return fresh;
}

/// Of the runs that confirm a search: after its folder, since the file has the same name in all of them.
std::string confirmation_name(const std::filesystem::path& folder) {
  std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  std::string name = whole.filename().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '_';
  }
  return name.substr(0, 100) + "-confirmed";
}

/// The winner among the methods of the comparison.
Json entry_of(const SearchMethod& method, const SearchPlan& plan) {
  const std::string file = method.name() + ".json";
  Json entry = Json::object();
  if (method.name() != method.planned.file.stem()) entry["name"] = method.name();  // the search's word for it
  if (method.planned.compared.baseline != plan.methods.front().name()) {
    entry["baseline"] = method.planned.compared.baseline;
  }
  if (entry.empty()) return file;
  entry["file"] = file;
  return entry;
}

}  // namespace

Json overlay_of(const Json& base, const Json& wanted) {
  Json overlay = Json::object();
  for (const auto& [key, value] : wanted.items()) {
    const auto below = base.find(key);
    if (below == base.end()) {
      overlay[key] = value;
      continue;
    }
    if (first_difference(*below, value).empty()) continue;
    const bool merges =
        below->is_object() && value.is_object() && below->value("name", Json()) == value.value("name", Json());
    overlay[key] = merges ? overlay_of(*below, value) : value;
  }
  return overlay;
}

Json trial_overlay(const SearchPlan& plan, const SearchMethod& method, const TrialSettings& trial,
                   const std::vector<std::string>& overrides) {
  const Json wanted = with_absolute_paths(plan.config(method, trial, overrides));
  Json overlay = overlay_of(with_absolute_paths(merged_config(plan.experiment, method.planned.file)), wanted);
  Json file = overlay;
  file["extends"] = {std::filesystem::absolute(plan.experiment).string(),
                     std::filesystem::absolute(method.planned.file).string()};
  const std::string difference =
      first_difference(with_absolute_paths(Config::from_text(file.dump(), method.name() + ".json")), wanted);
  if (!difference.empty()) {
    throw UserError("no config that extends " + method.planned.file.filename().string() +
                    " can mean this trial: \"extends\" " + "can't take away what stands at " + difference +
                    "; set its fields one by one");
  }
  return overlay;
}

void write_winners(const SearchPlan& plan, const Search& search, const std::filesystem::path& folder,
                   const std::vector<std::string>& overrides) {
  const std::filesystem::path best = folder / "best";
  const auto write_once = [&](const std::string& name, const std::string& text) {
    if (!std::filesystem::exists(best / name)) write_file_atomically(best / name, text);
  };
  Json comparison = {{"name", confirmation_name(folder)},
                     {"experiment", named_from(best, plan.experiment)},
                     {"methods", Json::array()},
                     {"split", "test"}};
  for (std::size_t m = 0; m < plan.methods.size(); ++m) {
    const SearchMethod& method = plan.methods[m];
    const SearchedMethod& searched = search.methods[m];
    if (!searched.best) {
      log::warning("\"" + method.name() + "\" has no winner: every trial failed");
      continue;
    }
    Json file = {{"extends", named_from(best, method.planned.file)}};
    file.update(trial_overlay(plan, method, searched.trials[*searched.best].settings, overrides));
    write_once(method.name() + ".json", provenance(plan, search, searched) + file.dump(2) + "\n");
    comparison["methods"].push_back(entry_of(method, plan));
  }
  if (plan.unequal_budgets) comparison["unequal_budgets"] = true;
  comparison["seeds"] = fresh_seeds(plan.seeds);
  comparison["refused_seeds"] = plan.seeds;
  write_once(
      "comparison.json",
      "// Confirms the search above this folder under fresh seeds, on test. The seeds that chose the settings are\n"
      "// refused: their scores are the best of many and would be too good.\n" +
          comparison.dump(2) + "\n");
}

}  // namespace infomtl
