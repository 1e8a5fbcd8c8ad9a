#include "runs/shown_splits.h"

#include <algorithm>

#include "infomtl/core/counted.h"

namespace infomtl {
namespace {

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

std::string missing_scores_note(const ScoredSplits& tasks, const std::vector<std::string>& columns) {
  std::string notes;
  for (const std::string& column : columns) {
    std::vector<std::string> missing;
    std::size_t with = 0;
    for (const auto& [task, splits] : tasks) {
      const bool there = std::find(splits.begin(), splits.end(), column) != splits.end();
      with += there ? 1 : 0;
      if (!there) missing.push_back(task);
    }
    if (missing.empty()) continue;
    notes += "the average on " + column + " is over " + std::to_string(with) + " of " + std::to_string(tasks.size()) +
             " tasks; without a score: " + joined(missing) + "\n";
  }
  return notes;
}

}  // namespace infomtl
