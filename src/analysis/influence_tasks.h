#pragma once
// Influence tasks: which tasks can be looked at.

#include <vector>

namespace infomtl {

struct InfluenceTask;
struct InfluenceSettings;

inline constexpr const char* kNoClassesToChange =
    "influence: --mislabel needs a task of single classes, and there is none";

/// Refuses what no rows could mend: tasks of tags, and heads of different sizes where the settings make them one.
/// @throws UserError in one line, naming every such task and the others
void refuse_kinds(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings);

/// Refuses tasks whose rows are too few or too alike as well. @throws UserError likewise
void refuse_unusable(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings);

}  // namespace infomtl
