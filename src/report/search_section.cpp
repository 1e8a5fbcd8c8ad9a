#include <algorithm>
#include <cmath>
#include <set>

#include "infomtl/core/svg.h"
#include "infomtl/runs/text_table.h"
#include "report/axis.h"
#include "report/html.h"
#include "report/line_chart.h"
#include "report/score_format.h"
#include "report/search_table.h"
#include "report/sections.h"

namespace infomtl::report {
namespace {

constexpr std::size_t kMostTrials = 200;  ///< curves in one panel

Curve curve_of(const Trial& trial) {
  Curve curve;
  curve.name = trial.id;
  for (std::size_t r = 0; r < trial.rungs.size(); ++r) {
    curve.at.push_back(trial.rungs[r].epochs);
    curve.mean.push_back(trial.rungs[r].score);
  }
  curve.low = curve.high = curve.mean;
  return curve;
}

LineChart rung_chart(const MethodTrials& method) {
  LineChart chart{.title = "scores by rung",
                  .x_label = "epochs trained",
                  .y_label = "score, as the search has it",
                  .curves = {},
                  .mark = {},
                  .mark_label = {}};
  Curve winner;
  for (const Trial& trial : method.trials) {
    Curve curve = curve_of(trial);
    if (trial.id == method.best) {
      curve.name += ", the winner";
      curve.label = trial.id;
      curve.style = 1;
      winner = std::move(curve);
    } else if (chart.curves.size() < kMostTrials) {
      curve.is_quiet = true;
      chart.curves.push_back(std::move(curve));
    }
  }
  if (!winner.at.empty()) chart.curves.push_back(std::move(winner));
  return chart;
}

}  // namespace

std::string search_section(const ReportPart& part, const SectionPlace& place) {
  if (!part.search) return "";
  std::string body;
  for (const MethodTrials& method : part.search->methods) {
    body += "<h3>" + html_name(method.key) + "</h3>\n";
    const PlainTable plain = trial_table(method);
    std::vector<std::string> head;
    for (const std::string& cell : plain.head) head.push_back(html_name(cell));
    HtmlTable table(plain.caption, head);
    for (const auto& row : plain.rows) {
      std::vector<std::string> cells;
      for (const std::string& cell : row) cells.push_back(html_name(cell));
      table.add(std::move(cells), row.front().starts_with(kWinnerMark) ? "winner" : "");
    }
    body += table.html(1);
    if (table.empty()) body += html_paragraph("No trial has begun.");
    const LineChart chart = rung_chart(method);
    if (!chart.empty()) {
      body += html_figure(
          "How to read it: each line is a trial, its dots the scores at the rungs where it was compared with the "
          "others; "
          "a line ends where its trial was given up, and the thick one is the winner.",
          {html_panel(chart.title, chart.svg())});
    }
  }
  return html_section(place.id + "search", "Trials", place.level, body);
}

}  // namespace infomtl::report
