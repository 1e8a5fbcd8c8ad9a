#pragma once
// Shown splits: which columns a table of scores has, and what is said below it of scores that it lacks.

#include <string>
#include <vector>

#include "infomtl/runs/results.h"

namespace infomtl {

/// `split` with what was scored of it under noise ("test random 0.1"); all, where it is empty or nothing has it.
std::vector<std::string> shown_splits(const std::vector<std::string>& splits, const std::string& split);

/// "no task has validation scores; these are others\n" where shown_splits() fell back to all, else "".
std::string shown_instead_note(const std::vector<std::string>& splits, const std::string& split);

/// A line per column whose average is not over all tasks of these runs: "the average on test is over 5 of 6 tasks; without
/// a score: stance\n".
std::string missing_scores_note(const std::vector<Results>& runs, const std::vector<std::string>& columns);

}  // namespace infomtl
