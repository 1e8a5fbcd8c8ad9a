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

namespace infomtl {

/// Per task its name and the numbers of rows in its files, ascending.
using ChosenRows = std::vector<std::pair<std::string, std::vector<std::int32_t>>>;

/// The nearest whole number to `share` of every task's rows: those of the largest influence on the target, worst first where
/// two are equal the earlier one. Shares are per task since influences have the size 1/n of the task's rows.
/// @param target  a task, or empty: the mean over all tasks @throws UnknownNameError; UserError for a share outside (0, 1)
INFOMTL_API ChosenRows harmful_rows(const InfluenceResult& result, double share, const std::string& target = "");

/// As many rows of each task by chance: what a selection by influence is compared with. @throws UserError as above
INFOMTL_API ChosenRows random_rows(const InfluenceResult& result, double share, std::uint64_t seed);

/// How many of the chosen rows have an influence that is not above 0: leaving these out does harm, to first order.
INFOMTL_API std::int64_t harmless_among(const InfluenceResult& result, const ChosenRows& rows,
                                        const std::string& target = "");

/// The JSON text of a file for data.leave_out. @param about  what the rows are, for readers
INFOMTL_API std::string leave_out_file(const ChosenRows& rows, const std::string& about);

}  // namespace infomtl
