#pragma once
// Shown splits: which columns a table of scores has, and what is said below it of scores that it lacks.

#include <string>
#include <utility>
#include <vector>

namespace infomtl {

/// `split` with what was scored of it under noise ("test random 0.1"); all, where it is empty or nothing has it.
std::vector<std::string> shown_splits(const std::vector<std::string>& splits, const std::string& split);

/// "no task has validation scores; these are others\n" where shown_splits() fell back to all, else "".
std::string shown_instead_note(const std::vector<std::string>& splits, const std::string& split);

/// Each task with the splits that it has scores of.
using ScoredSplits = std::vector<std::pair<std::string, std::vector<std::string>>>;
/// A line per column whose average is not over all tasks: "the average on test is over 5 of 6 tasks; without a score:
/// stance\n".
std::string missing_scores_note(const ScoredSplits& tasks, const std::vector<std::string>& columns);

}  // namespace infomtl
