#include "report/relatedness_table.h"

#include <cmath>

#include "infomtl/runs/text_table.h"

namespace infomtl::report {
namespace {

std::string agreement_interval(const MeasureAgreement& each) {
  if (!std::isfinite(each.low_95) || !std::isfinite(each.high_95)) return "-";
  return fixed(each.low_95, 2) + " .. " + fixed(each.high_95, 2);
}

}  // namespace

PlainTable agreement_table(const RelatednessRecord& record) {
  PlainTable table;
  table.caption =
      "Rank correlation (Spearman) of the measures over pairs of tasks. The interval takes pairs as independent, which "
      "pairs that share a task are not, so it is too narrow";
  table.head = {"measure", "and", "rho", "95 % interval", "pairs"};
  for (const MeasureAgreement& each : record.agreements) {
    table.rows.push_back({each.first, each.second, fixed(each.rho, 2), agreement_interval(each), fixed(each.pairs, 0)});
  }
  return table;
}

PlainTable group_table(const RelatednessRecord& record) {
  PlainTable table;
  table.caption =
      "Tasks to train together, by transfer gain. A group is expected to give a task the mean of what its pairs gave; "
      "choosing the best makes gains look larger than they are";
  table.head = {"together", "expected gain per task"};
  for (const SuggestedGroup& group : record.groups) table.rows.push_back({group.tasks, fixed(group.gain, 4)});
  return table;
}

PlainTable measure_table(const RelatednessRecord& record, const TaskMeasure& measure) {
  PlainTable table;
  table.caption = measure.name + ": " + measure.meaning + "; from " + measure.source;
  table.head = {measure.name};
  table.head.insert(table.head.end(), record.tasks.begin(), record.tasks.end());
  for (std::size_t s = 0; s < record.tasks.size(); ++s) {
    std::vector<std::string> row = {record.tasks[s]};
    for (const double value : measure.values[s]) row.push_back(fixed(value, digits_of_measure(measure)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace infomtl::report
