#pragma once
// The trials of a search as a table.

#include <string_view>

#include "report/score_format.h"
#include "report/search_record.h"

namespace infomtl::report {

/// Before the winner's id.
inline constexpr std::string_view kWinnerMark = "★ ";

/// A row per trial, the winner first, then those that came farthest: its settings, its score at each rung, its cost.
PlainTable trial_table(const MethodTrials& method);

}  // namespace infomtl::report
