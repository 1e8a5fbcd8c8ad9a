#pragma once
// Learned tables: what the results and logs of a part say of its tasks, beyond their scores, as numbers for the page and the
// terminal. All are means over a method's finished runs.

#include <string>
#include <vector>

#include "report/report_folder.h"
#include "report/score_format.h"

namespace infomtl::report {

/// A number per pair of tasks, NaN where there is none.
struct TaskPairTable {
  std::string caption;
  std::vector<std::string> tasks;           ///< of rows and of columns
  std::vector<std::vector<double>> values;  ///< [rows][columns]
  double largest = 1;                       ///< what a page's colours are measured by
};

/// Of each method what its architecture learned of how alike tasks are, then what each loss term learned of how much tasks
/// take from each other.
std::vector<TaskPairTable> learned_tables(const ReportPart& part);
/// Of each method the cosines of the tasks' gradients, as far as the log has them.
std::vector<TaskPairTable> cosine_tables(const ReportPart& part);
/// For the terminal.
PlainTable plain_table(const TaskPairTable& table);
/// Methods x tasks: the weights of losses that weightings found before the first step; without rows where none did.
PlainTable loss_weight_table(const ReportPart& part);

}  // namespace infomtl::report
