#include "runs/shown_splits.h"

#include <algorithm>
#include <cmath>

namespace infomtl {
namespace {

bool lacks_score(const Results& run, const std::string& task, const std::string& split) {
  for (const auto& [name, result] : run.tasks) {
    if (name != task) continue;
    const auto found = result.score.find(split);
    return found == result.score.end() || std::isnan(found->second);
  }
  return true;
}

std::vector<std::string> columns_of(const std::vector<std::string>& splits, const std::string& split) {
  std::vector<std::string> chosen;
  for (const std::string& one : splits) {
    if (one == split || one.starts_with(split + " ")) chosen.push_back(one);
  }
  return chosen;
}

}  // namespace

std::vector<std::string> shown_splits(const std::vector<std::string>& splits, const std::string& split) {
  if (split.empty()) return splits;
  std::vector<std::string> chosen = columns_of(splits, split);
  return chosen.empty() ? splits : chosen;
}

std::string shown_instead_note(const std::vector<std::string>& splits, const std::string& split) {
  if (split.empty() || !columns_of(splits, split).empty()) return "";
  return "no task has " + split + " scores" + (splits.empty() ? "" : "; these are others") + "\n";
}

std::string missing_scores_note(const std::vector<Results>& runs, const std::vector<std::string>& columns) {
  std::string notes;
  if (runs.empty()) return notes;
  for (const std::string& split : columns) {
    std::string missing;
    std::size_t with = 0;
    for (const auto& [task, result] : runs.front().tasks) {
      const bool lacking = std::any_of(runs.begin(), runs.end(),
                                       [&, name = task](const Results& run) { return lacks_score(run, name, split); });
      with += lacking ? 0 : 1;
      if (lacking) missing += (missing.empty() ? "" : ", ") + task;
    }
    if (missing.empty()) continue;
    notes += "the average on " + split + " is over " + std::to_string(with) + " of " +
             std::to_string(runs.front().tasks.size()) + " tasks; without a score: " + missing + "\n";
  }
  return notes;
}

}  // namespace infomtl
