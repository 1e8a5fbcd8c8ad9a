#pragma once
// Influence selection: which training rows to leave out, as the file that data.leave_out of a config takes.
//
//   const auto rows = harmful_rows(result, 0.1);                     // a tenth of every task's rows
//   write_file_atomically("leave_out.json", leave_out_file(rows, "the worst tenth"));

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/analysis/influence.h"
#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// Per task its name and the numbers of rows in its files, ascending.
using ChosenRows = std::vector<std::pair<std::string, std::vector<std::int32_t>>>;

/// The nearest whole number to `share` of every task's rows: those of the largest influence on the target, worst first where
/// two are equal the earlier one. Shares are per task since influences have the size 1/n of the task's rows.
/// Rows whose influence is not above 0 are never chosen, so that there may be fewer.
/// @param target  a task, or empty: the mean over all tasks @throws UnknownNameError; UserError for a share outside (0, 1) and
/// where no row of any task is harmful
INFOMTL_API ChosenRows harmful_rows(const InfluenceResult& result, double share, const std::string& target = "");

/// As many rows of each task by chance: what a selection by influence is compared with. @throws UserError as above
INFOMTL_API ChosenRows random_rows(const InfluenceResult& result, double share, std::uint64_t seed);

/// In words, of which tasks fewer rows are chosen than `share` asks for, and why; empty where there are as many.
INFOMTL_API std::string short_of_share(const InfluenceResult& result, const ChosenRows& rows, double share);

/// The union, by task, with rows that a run's training left out already, so that the file does not bring them back.
/// @param config  the run's config.json: rows are under data.leave_out.rows; without that, `rows` are the union
/// @throws FormatError without the file's name
INFOMTL_API ChosenRows with_rows_left_out_before(ChosenRows rows, const Json& config);

/// The JSON text of a file for data.leave_out. @param about  what the rows are, for readers
INFOMTL_API std::string leave_out_file(const ChosenRows& rows, const std::string& about);

}  // namespace infomtl
