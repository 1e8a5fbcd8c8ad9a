#include <algorithm>
#include <cmath>
#include <optional>

#include "infomtl/core/counted.h"
#include "infomtl/core/svg.h"
#include "infomtl/core/utf8.h"
#include "report/html.h"
#include "report/interval_chart.h"
#include "report/line_chart.h"
#include "report/part_curves.h"
#include "report/score_format.h"
#include "report/sections.h"

namespace infomtl::report {
namespace {

/// A stroke as the method's curves have it, with its number.
std::string sample_html(std::size_t style) {
  return "<svg class='sample' viewBox='0 0 38 12' aria-hidden='true'><g class='" + style_classes(style) + "'>" +
         svg_line({1, 6}, {20, 6}, "class='line'") +
         svg_text({23, 10}, std::to_string(style + 1), "class='end " + style_classes(style) + "'") + "</g></svg>";
}

std::string method_html(const ReportPart& part, const MethodScores& method) {
  const bool is_baseline = method.key == part.scores.baseline;
  return sample_html(style_of(part, method.key)) + " " + html_name(method.name) +
         (is_baseline ? " <small>(baseline)</small>" : "");
}

/// A plain table as markup; the first cell of a row that speaks of a method gets that method's stroke.
std::string table_html(const ReportPart& part, const PlainTable& plain, std::size_t words) {
  std::vector<std::string> head;
  for (const std::string& cell : plain.head) head.push_back(html_name(cell));
  HtmlTable table(plain.caption, head);
  const ComparisonCell* cell = part.cell();
  for (const auto& row : plain.rows) {
    std::vector<std::string> cells;
    for (const std::string& text : row) cells.push_back(escaped(text));
    const auto method = std::find_if(cell->methods.begin(), cell->methods.end(),
                                     [&](const MethodScores& candidate) { return candidate.name == row.front(); });
    if (method != cell->methods.end()) cells.front() = method_html(part, *method);
    table.add(std::move(cells), method != cell->methods.end() && method->key == part.scores.baseline ? "baseline" : "");
  }
  return table.html(words);
}

std::string numbers_of(double difference, double half_width, double p, bool rises) {
  if (!std::isfinite(difference)) return "not known";
  return difference_text(difference, half_width, rises) + (std::isfinite(p) ? ", p " + p_text(p) : "");
}

std::optional<double> only_number(const ComparisonCell& cell) {
  if (cell.axes.size() != 1) return std::nullopt;
  const std::string& text = cell.axes.front().second;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !is_drawable(value)) return std::nullopt;
  return value;
}

/// Averages over a numeric axis, one curve per method; empty where the axis is not one number.
LineChart axis_chart(const ComparisonRecord& cells) {
  LineChart chart{.title = "average over " + cells.cells.front().axes.front().first,
                  .x_label = cells.cells.front().axes.front().first,
                  .y_label = cells.all_rise() ? "average score, %" : "average score",
                  .curves = {},
                  .counts_along_x = false,
                  .mark = {},
                  .mark_label = {}};
  std::vector<std::pair<double, const ComparisonCell*>> ordered;
  for (const ComparisonCell& cell : cells.cells) {
    const std::optional<double> at = only_number(cell);
    if (!at) return chart;
    ordered.emplace_back(*at, &cell);
  }
  std::sort(ordered.begin(), ordered.end());
  const double scale = score_scale(cells.all_rise());
  ReportPart styles;  // the places of the methods, as the parts have them
  styles.scores.baseline = cells.baseline;
  for (const MethodScores& method : cells.cells.front().methods)
    styles.methods.push_back({method.key, method.name, {}});
  for (const MethodRuns& method : styles.methods) {
    Curve curve;
    curve.name = method.name;
    curve.style = style_of(styles, method.key);
    if (curve.style >= kMostDrawn) continue;
    for (const auto& [at, cell] : ordered) {
      for (const MethodScores& scores : cell->methods) {
        if (scores.key != method.key) continue;
        const Spread& average = scores.average.spread;
        curve.at.push_back(at);
        curve.mean.push_back(scale * average.mean);
        curve.low.push_back(scale * (average.mean - average.half_width_95));
        curve.high.push_back(scale * (average.mean + average.half_width_95));
        curve.has_band = curve.has_band || std::isfinite(average.half_width_95);
      }
    }
    chart.curves.push_back(std::move(curve));
  }
  return chart;
}

}  // namespace

std::string legend_html(const ReportPart& part) {
  if (part.methods.size() < 2) return "";
  std::vector<std::pair<std::size_t, const MethodRuns*>> ordered;
  for (const MethodRuns& method : part.methods) {
    if (const std::size_t style = style_of(part, method.key); style < kMostDrawn) ordered.emplace_back(style, &method);
  }
  std::sort(ordered.begin(), ordered.end());
  std::string out = "<ul class='legend' aria-label='legend'>";
  for (const auto& [style, method] : ordered) {
    out += "<li>" + sample_html(style) + " " + html_name(method->name) + "</li>";
  }
  out += "</ul>\n";
  if (part.methods.size() > kMostDrawn) {
    out += html_paragraph("Figures show the first " + std::to_string(kMostDrawn) + " of " +
                          std::to_string(part.methods.size()) + " methods; the tables show all.");
  }
  return out;
}

std::string scores_section(const ReportPart& part, const SectionPlace& place) {
  const PlainTable scores = score_table(part.scores);
  if (scores.rows.empty()) return "";
  std::string body = table_html(part, scores, 1);
  for (const ComparisonRecord& other : part.other_splits) body += table_html(part, score_table(other), 1);
  if (!part.scores.left_out_tasks.empty()) {
    body +=
        html_paragraph("Tasks left out, since not every method has them: " + joined(part.scores.left_out_tasks) + ".");
  }
  if (const PlainTable budget = budget_table(part.scores); !budget.rows.empty()) {
    body += "<h3>Budgets</h3>\n" + table_html(part, budget, 1);
  }
  return html_section(place.id + "scores", "Scores", place.level, body);
}

std::string effects_section(const ReportPart& part, const SectionPlace& place) {
  const PlainTable table = effect_table(part.scores);
  if (table.rows.empty()) return "";
  std::string body = table_html(part, table, 1);
  if (const std::string power = power_text(part.scores); !power.empty()) body += html_paragraph(power);
  const bool all_rise = part.scores.all_rise();
  std::vector<IntervalChart> charts;
  charts.push_back({"average over the tasks", all_rise ? "difference, percentage points" : "difference", {}});
  for (const ScoredTask& task : part.scores.tasks) {
    charts.push_back({task.name,
                      task.higher_is_better ? "difference, percentage points"
                                            : "difference (" + task.metric + "), below zero is better",
                      {}});
  }
  for (const MethodScores& method : part.cell()->methods) {
    if (!method.effect) continue;
    const Effect& effect = *method.effect;
    const std::size_t style = style_of(part, method.key);
    const auto add = [&](IntervalChart& chart, double difference, double half_width, double p, bool rises) {
      const double scale = score_scale(rises);
      chart.rows.push_back(
          {method.name, style, scale * difference, scale * half_width, numbers_of(difference, half_width, p, rises)});
    };
    add(charts.front(), effect.difference, effect.half_width, effect.p_holm, all_rise);
    for (std::size_t t = 0; t < part.scores.tasks.size(); ++t) {
      const ScoredTask& task = part.scores.tasks[t];
      const auto found = effect.per_task.find(task.name);
      if (found == effect.per_task.end()) continue;
      add(charts[t + 1], found->second.difference, found->second.half_width, kMissing, task.higher_is_better);
    }
  }
  std::vector<std::string> panels;
  for (const IntervalChart& chart : charts) {
    if (!chart.empty()) panels.push_back(html_panel(chart.title, chart.svg()));
  }
  body += html_figure(
      "How to read it: the dot is a method's mean difference against its baseline, the bar the 95 % interval; a bar "
      "that "
      "crosses the zero line is a difference that the seeds do not show. p is adjusted by Holm over all tests of the "
      "comparison.",
      panels);
  return html_section(place.id + "effects", "Differences against the baseline", place.level, body);
}

std::string cells_section(const ComparisonRecord& cells, const SectionPlace& place) {
  std::vector<std::string> head = {"cell"};
  for (const MethodScores& method : cells.cells.front().methods) head.push_back(html_name(method.name));
  HtmlTable table("Average over the tasks at each setting, " + cells.split +
                      " split: mean ± half of the 95 % interval" + (cells.all_rise() ? ", percent" : ""),
                  head);
  for (const ComparisonCell& cell : cells.cells) {
    std::vector<std::string> axes;
    for (const auto& [path, value] : cell.axes) axes.push_back(path + " = " + value);
    std::vector<std::string> row = {html_name(joined(axes))};
    for (const MethodScores& method : cells.cells.front().methods) {
      const auto own = std::find_if(cell.methods.begin(), cell.methods.end(),
                                    [&](const MethodScores& candidate) { return candidate.key == method.key; });
      row.push_back(
          own == cell.methods.end()
              ? "-"
              : escaped(interval_text(own->average.spread.mean, own->average.spread.half_width_95, cells.all_rise())));
    }
    table.add(std::move(row));
  }
  std::string body = table.html();
  if (!cells.cells.front().axes.empty()) {
    const LineChart chart = axis_chart(cells);
    if (!chart.empty()) {
      body += html_figure(
          "How to read it: each line is a method's average score at the settings of the axis, its band the 95 % "
          "interval "
          "of the mean; the number at the end is the method's in the legend of each cell.",
          {html_panel(chart.title, chart.svg())});
    }
  }
  return html_section(place.id + "cells", "Over the settings", place.level, body);
}

}  // namespace infomtl::report
