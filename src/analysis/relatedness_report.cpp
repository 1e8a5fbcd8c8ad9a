#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "infomtl/analysis/relatedness.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/svg.h"
#include "infomtl/core/utf8.h"
#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

Json matrix_json(const TaskPairs& values) {
  Json rows = Json::array();
  for (const auto& row : values) {
    rows.push_back(Json::array());
    for (const double value : row) rows.back().push_back(number_or_null(value));
  }
  return rows;
}

/// "-0.000" is shown as "0.000".
std::string number_text(double value, int digits) {
  std::string text = fixed(value, digits);
  if (text.starts_with('-') && text.find_first_of("123456789") == std::string::npos && text.size() > 1)
    text.erase(0, 1);
  return text;
}

std::string measure_table(const RelatednessMeasure& measure, const std::vector<std::string>& tasks) {
  const int digits = digits_for(measure.values, 3);
  std::vector<std::string> head = {measure.name};
  head.insert(head.end(), tasks.begin(), tasks.end());
  TextTable table(head, 1);
  for (std::size_t s = 0; s < tasks.size(); ++s) {
    std::vector<std::string> row = {tasks[s]};
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      std::string cell = number_text(measure.values[s][t], digits);
      const bool sure = !measure.half_width_95.empty() && std::isfinite(measure.half_width_95[s][t]);
      if (sure) cell += " +- " + fixed(measure.half_width_95[s][t], digits);
      row.push_back(cell);
    }
    table.add(std::move(row));
  }
  return table.text() + measure.meaning + "; from " + measure.source + "\n\n";
}

std::string correlation_table(const std::vector<MeasureCorrelation>& correlations) {
  if (correlations.empty()) return "";
  TextTable table({"rank correlation of", "and", "rho", "95 % interval", "pairs"}, 2);
  for (const MeasureCorrelation& each : correlations) {
    const RankCorrelation& value = each.value;
    const std::string interval = std::isfinite(value.low_95)
                                     ? number_text(value.low_95, 2) + " .. " + number_text(value.high_95, 2)
                                     : std::string("-");
    table.add({each.first, each.second, number_text(value.rho, 2), interval, std::to_string(value.pairs)});
  }
  return table.text() +
         "Spearman's; the interval takes pairs as independent, which pairs that share a task are not, so it is too "
         "narrow\n\n";
}

std::string groups_text(const TaskGroups& groups, const std::vector<std::string>& tasks) {
  TextTable table({"together", "expected gain per task"}, 1);
  for (const auto& group : groups.groups) {
    std::string names;
    double sum = 0;
    for (const std::size_t task : group) {
      names += (names.empty() ? "" : " + ") + tasks[task];
      sum += groups.gains[task];
    }
    table.add({names, number_text(sum / static_cast<double>(group.size()), 4)});
  }
  return table.text() + "groups with the largest sum of transfer gains, " +
         (groups.exact ? "over all partitions" : "by joining greedily") +
         "; a group is expected to give a task the mean of what its pairs gave, and choosing the best makes the gains\n"
         "look larger than they are\n\n";
}

/// One heat map. Its corner lies at (left, top); text of cells as in the tables.
std::string heat_map(const RelatednessMeasure& measure, const std::vector<std::string>& tasks, SvgPoint corner,
                     double cell_width, double cell_height, double label_width) {
  const double largest = largest_size(measure.values);
  const int digits = digits_for(measure.values, 3);
  std::string out =
      svg_text({corner.x, corner.y + 14}, shortened_to(measure.name, 48), "font-size='13' font-weight='bold'");
  const double top = corner.y + 40, left = corner.x + label_width;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const double x = left + cell_width * (static_cast<double>(t) + 0.5),
                 y = top + cell_height * (static_cast<double>(t) + 0.62);
    out += svg_text({x, top - 6}, shortened_to(printable(tasks[t]), 9), "font-size='10' text-anchor='middle'");
    out += svg_text({left - 6, y}, shortened_to(printable(tasks[t]), 13), "font-size='10' text-anchor='end'");
  }
  for (std::size_t s = 0; s < tasks.size(); ++s) {
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      const double value = measure.values[s][t];
      const SvgPoint at{left + cell_width * static_cast<double>(t), top + cell_height * static_cast<double>(s)};
      const double depth = std::isfinite(value) && largest > 0 ? 0.85 * std::abs(value) / largest : 0;
      out += svg_rectangle(at, cell_width - 1, cell_height - 1,
                           std::string("fill='") + (value < 0 ? "#0072b2" : "#e68200") + "' fill-opacity='" +
                               fixed(depth, 2) + "' stroke='#d8d8d8'");
      out += svg_text({at.x + cell_width / 2, at.y + cell_height * 0.62}, number_text(value, digits),
                      "font-size='10' text-anchor='middle'");
    }
  }
  return out;
}

}  // namespace

Json Relatedness::to_json() const {
  Json json = {{"format", 1}, {"tasks", tasks}, {"measures", Json::array()}, {"left_out", left_out}};
  for (const RelatednessMeasure& measure : measures) {
    json["measures"].push_back({{"name", measure.name},
                                {"meaning", measure.meaning},
                                {"source", measure.source},
                                {"directed", measure.directed},
                                {"values", matrix_json(measure.values)}});
    if (!measure.half_width_95.empty()) {
      json["measures"].back()["half_width_95"] = matrix_json(measure.half_width_95);
    }
  }
  json["rank_correlations"] = Json::array();
  for (const MeasureCorrelation& each : correlations) {
    json["rank_correlations"].push_back({{"first", each.first},
                                         {"second", each.second},
                                         {"rho", number_or_null(each.value.rho)},
                                         {"low_95", number_or_null(each.value.low_95)},
                                         {"high_95", number_or_null(each.value.high_95)},
                                         {"pairs", each.value.pairs}});
  }
  json["groups"] = nullptr;
  if (!groups) return json;
  Json members = Json::array(), gains = Json::object();
  for (const auto& group : groups->groups) {
    members.push_back(Json::array());
    for (const std::size_t task : group) members.back().push_back(tasks[task]);
  }
  for (std::size_t t = 0; t < tasks.size(); ++t) gains[tasks[t]] = groups->gains[t];
  json["groups"] = {{"by", "transfer gain"},
                    {"groups", members},
                    {"expected_gains", gains},
                    {"total", groups->total},
                    {"exact", groups->exact}};
  return json;
}

std::string Relatedness::table() const {
  std::string out;
  for (const RelatednessMeasure& measure : measures) out += measure_table(measure, tasks);
  if (std::any_of(measures.begin(), measures.end(), [](const auto& measure) { return measure.directed; })) {
    out += "rows give, columns receive, where a measure has a direction\n\n";
  }
  out += correlation_table(correlations);
  if (groups) out += groups_text(*groups, tasks);
  for (const std::string& line : left_out) out += "left out: " + printable(line) + "\n";
  return out;
}

std::string Relatedness::svg() const {
  constexpr std::size_t kColumns = 2;
  constexpr double kCellWidth = 52, kCellHeight = 26, kLabels = 92, kTitle = 56;
  const auto count = static_cast<double>(tasks.size());
  const double width = std::max(330.0, kLabels + kCellWidth * count + 30), height = kTitle + kCellHeight * count + 24;
  const std::size_t rows = (measures.size() + kColumns - 1) / kColumns;
  const double page_width = 20 + width * static_cast<double>(std::clamp<std::size_t>(measures.size(), 1, kColumns));
  const double page_height = 60 + height * static_cast<double>(rows);
  std::string out = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " + fixed(page_width, 0) + " " +
                    fixed(page_height, 0) +
                    "' font-family='sans-serif'>\n<rect width='100%' height='100%' fill='white'/>\n";
  out += svg_text({20, 24}, "How the tasks relate", "font-size='16' font-weight='bold'");
  out += svg_text({20, 42}, "orange: above zero, blue: below; rows give, columns receive where it matters",
                  "font-size='11'");
  for (std::size_t m = 0; m < measures.size(); ++m) {
    const SvgPoint corner{20 + width * static_cast<double>(m % kColumns),
                          60 + height * static_cast<double>(m / kColumns)};
    out += heat_map(measures[m], tasks, corner, kCellWidth, kCellHeight, kLabels);
  }
  return out + "</svg>\n";
}

}  // namespace infomtl
