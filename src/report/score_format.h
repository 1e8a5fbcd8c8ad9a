#pragma once
// How a report writes scores: the same in the page and on the terminal.

#include <string>
#include <vector>

#include "report/comparison_record.h"

namespace infomtl::report {

/// "%" where scores of the task rise with quality and stand in percent, else "".
std::string score_unit(bool higher_is_better);
/// What a score is multiplied with before it is shown or drawn.
double score_scale(bool higher_is_better);
/// "66.12 ± 1.05" (95 % interval), "66.12" where there is none.
std::string interval_text(double mean, double half_width, bool higher_is_better);
/// The same with a sign, for differences.
std::string difference_text(double difference, double half_width, bool higher_is_better);
/// "0.034", "< 0.001", "-".
std::string p_text(double p);
/// A whole number with a space between thousands, "-" for NaN.
std::string count_text(double count);
/// "12 %", "-" for NaN.
std::string share_text(double share);

/// A table as plain text: the head, then rows of as many cells.
struct PlainTable {
  std::string caption;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

/// Methods x tasks: scores of the split with 95 % intervals.
PlainTable score_table(const ComparisonRecord& scores);
/// Methods against the baseline; without rows where no method has an effect.
PlainTable effect_table(const ComparisonRecord& scores);
/// What each method cost; columns that no method has are left out, and without any there are no rows.
PlainTable budget_table(const ComparisonRecord& scores);
/// How small a difference the comparison can find, as a sentence; "" where that is not known.
std::string power_text(const ComparisonRecord& scores);

}  // namespace infomtl::report
