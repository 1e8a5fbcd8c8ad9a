#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/utf8.h"
#include "infomtl/report/report.h"
#include "infomtl/runs/text_table.h"
#include "report/axis.h"
#include "report/config_differences.h"
#include "report/learned_tables.h"
#include "report/part_curves.h"
#include "report/relatedness_table.h"
#include "report/report_folder.h"
#include "report/score_format.h"
#include "report/search_table.h"
#include "report/sparkline.h"

namespace infomtl::report {
namespace {

constexpr std::size_t kNarrowest = 40, kLongestCell = 24;

/// With long cells shortened, in blocks of columns that fit.
std::string blocks_of(const PlainTable& table, std::size_t columns) {
  const auto shown = [](const std::vector<std::string>& row) {
    std::vector<std::string> cells;
    for (const std::string& cell : row) cells.push_back(shortened_to(printable(cell), kLongestCell));
    return cells;
  };
  TextTable text(shown(table.head), 1);
  for (const auto& row : table.rows) text.add(shown(row));
  return wrapped(table.caption, columns) + text.text(columns);
}

std::string heading(const std::string& words) {
  const std::string clean = printable(words);
  std::string rule;
  for (std::size_t i = 0; i < display_width(clean); ++i) rule += "=";
  return "\n" + clean + "\n" + rule + "\n";
}

/// A line per curve of some charts: the method, its sparkline, where it begins and ends.
std::string spark_lines(const std::vector<LineChart>& charts, std::size_t columns) {
  std::string out;
  for (const LineChart& chart : charts) {
    std::string title = chart.title + " (" + chart.y_label + ", over " + chart.x_label + ")";
    out += shortened_to(printable(title), columns) + "\n";
    for (const Curve& curve : chart.curves) {
      if (curve.empty()) continue;
      const std::string name = shortened_to(printable(curve.name), kLongestCell - 2);
      double first = kMissing, last = kMissing;
      for (const double value : curve.mean) {
        if (!is_drawable(value)) continue;
        if (std::isnan(first)) first = value;
        last = value;
      }
      out += "  " + name + std::string(kLongestCell - 2 - display_width(name), ' ') + " " + sparkline(curve.mean) +
             " " + short_number(first) + " to " + short_number(last) + "\n";
    }
  }
  return out;
}

std::vector<LineChart> loss_charts(const ReportPart& part, std::size_t points) {
  std::vector<LineChart> charts;
  for (const std::string& key : logged_keys(part)) {
    const auto loss = loss_key(key);
    if (!loss) continue;
    charts.push_back({.title = loss->term + " of " + loss->task,
                      .x_label = "steps",
                      .y_label = "nats unless a regression or a penalty",
                      .curves = curves_of(part, key, points),
                      .mark = {},
                      .mark_label = {}});
  }
  std::erase_if(charts, [](const LineChart& chart) { return chart.empty(); });
  return charts;
}

std::string unfinished_lines(const ReportPart& part, std::size_t columns) {
  std::string out;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      if (run.results) continue;
      std::string text = run.name + ": not finished, step " + std::to_string(run.steps);
      if (run.total_steps > 0) text += " of " + std::to_string(run.total_steps);
      out += wrapped(text, columns);
    }
  }
  return out;
}

std::string part_text(const ReportPart& part, std::size_t columns) {
  std::string out;
  const auto add = [&](const std::string& words, const std::string& body) {
    if (!body.empty()) out += heading(words) + body;
  };
  std::string notices;
  for (const std::string& notice : part.notices) notices += wrapped("! " + notice, columns);
  if (!notices.empty()) out += "\n" + notices;
  if (const std::string unfinished = unfinished_lines(part, columns); !unfinished.empty()) out += "\n" + unfinished;
  const auto table = [&](const std::string& words, const PlainTable& plain) {
    if (!plain.rows.empty()) add(words, blocks_of(plain, columns));
  };
  table("Scores", score_table(part.scores));
  for (const ComparisonRecord& other : part.other_splits) out += "\n" + blocks_of(score_table(other), columns);
  table("Differences against the baseline", effect_table(part.scores));
  if (const std::string power = power_text(part.scores); !power.empty()) out += wrapped(power, columns);
  table("Budgets", budget_table(part.scores));
  if (part.search) {
    for (const MethodTrials& method : part.search->methods) table("Trials of " + method.key, trial_table(method));
  }
  const std::size_t points = std::max<std::size_t>(8, columns - kLongestCell - 24);
  add("Learning curves: " + watched_split(part) + " scores", spark_lines(score_charts(part, points), columns));
  add("Training losses", spark_lines(loss_charts(part, points), columns));
  table("Task weights", loss_weight_table(part));
  std::string learned;
  for (const TaskPairTable& pairs : learned_tables(part)) learned += blocks_of(plain_table(pairs), columns) + "\n";
  add("How the tasks relate", learned);
  PlainTable differences;
  differences.caption = "Settings in which a method differs from the first or the baseline";
  differences.head = {"method", "setting", "its value", "reference"};
  for (const ConfigDifference& difference : config_differences(part)) {
    differences.rows.push_back({difference.method, difference.setting, difference.value, difference.reference});
  }
  table("Differences of the configs", differences);
  return out;
}

std::string relatedness_text(const RelatednessRecord& record, std::size_t columns) {
  std::string out = heading("How the tasks relate" + (record.title.empty() ? "" : ": " + record.title));
  std::vector<PlainTable> tables;
  for (const TaskMeasure& measure : record.measures) tables.push_back(measure_table(record, measure));
  tables.push_back(agreement_table(record));
  tables.push_back(group_table(record));
  for (const PlainTable& table : tables) {
    if (!table.rows.empty()) out += blocks_of(table, columns) + "\n";
  }
  for (const std::string& line : record.left_out) out += wrapped("left out: " + line, columns);
  return out;
}

std::string text_of(const ReportFolder& report, std::size_t columns) {
  std::string out = shortened_to(report.title, columns) + "\n" + wrapped(report.kind, columns);
  for (const RelatednessRecord& record : report.relatedness) out += relatedness_text(record, columns);
  for (const ReportPart& part : report.parts) {
    if (!part.title.empty()) out += "\n" + wrapped("## " + part.title, columns);
    out += part_text(part, columns);
  }
  return out;
}

}  // namespace
}  // namespace infomtl::report

namespace infomtl {

std::string text_report(const std::filesystem::path& folder, std::size_t columns) {
  return report::text_of(report::read_report_folder(folder), std::max(columns, report::kNarrowest));
}

}  // namespace infomtl
