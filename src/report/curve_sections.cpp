#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "report/html.h"
#include "report/learned_tables.h"
#include "report/line_chart.h"
#include "report/part_curves.h"
#include "report/sections.h"

namespace infomtl::report {
namespace {

constexpr const char* kSteps = "optimiser steps";
constexpr const char* kBand =
    "each line is the mean over a method's seeds, its band the range from the lowest to the highest seed";
constexpr std::size_t kMostDiagnostics = 24;

std::string panel(const LineChart& chart) { return chart.empty() ? "" : html_panel(chart.title, chart.svg()); }

LineChart chart_of(const ReportPart& part, const std::string& key, const std::string& title, const std::string& unit,
                   std::size_t most_points, double scale = 1) {
  return {.title = title,
          .x_label = kSteps,
          .y_label = unit,
          .curves = curves_of(part, key, most_points, scale),
          .mark = {},
          .mark_label = {}};
}

std::vector<std::string> keys_with(const ReportPart& part, const std::string& prefix) {
  std::vector<std::string> keys = logged_keys(part);
  std::erase_if(keys, [&](const std::string& key) { return !key.starts_with(prefix); });
  return keys;
}

std::size_t numbers_left_out(const ReportPart& part) {
  std::size_t count = 0;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      for (const auto& [key, series] : run.series) {
        count += static_cast<std::size_t>(std::count_if(series.values.begin(), series.values.end(),
                                                        [](double value) { return !is_drawable(value); }));
      }
    }
  }
  return count;
}

/// The names of the penalties in any config of the part: their values are in units of their own.
std::set<std::string> penalties_of(const ReportPart& part) {
  std::set<std::string> names;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      const auto list = run.config.find("penalties");
      if (list == run.config.end() || !list->is_array()) continue;
      for (const Json& entry : *list) {
        if (entry.is_string()) names.insert(entry.get<std::string>());
        const auto name = entry.is_object() ? entry.find("name") : entry.end();
        if (entry.is_object() && name != entry.end() && name->is_string()) names.insert(name->get<std::string>());
      }
    }
  }
  return names;
}

/// Terms that only measure add nothing to the loss.
bool is_zero(const LineChart& chart) {
  return std::all_of(chart.curves.begin(), chart.curves.end(), [](const Curve& curve) {
    return std::all_of(curve.mean.begin(), curve.mean.end(), [](double value) { return value == 0; });
  });
}

/// The norm at which every run clips, where all configs name the same one; a report knows no defaults.
std::optional<double> clip_norm_of(const ReportPart& part) {
  std::set<double> found;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      const auto training = run.config.find("training");
      if (training == run.config.end() || !training->is_object()) return std::nullopt;
      if (training->value("clip", Json("total")) != "total") return std::nullopt;  // the chart shows the total
      const auto norm = training->find("clip_norm");
      if (norm == training->end() || !norm->is_number()) return std::nullopt;
      found.insert(norm->get<double>());
    }
  }
  if (found.size() != 1 || *found.begin() <= 0 || !is_drawable(*found.begin())) return std::nullopt;
  return *found.begin();
}

/// "diagnostics/information/hate/lower" and ".../upper" by what stands between: {"information", "hate"}.
struct Bounds {
  std::string term, task, lower, upper;
};

std::vector<Bounds> bounds_in(const ReportPart& part) {
  std::vector<Bounds> found;
  const std::string prefix = "diagnostics/", lower = "/lower", upper = "/upper";
  const std::vector<std::string> keys = keys_with(part, prefix);
  for (const std::string& key : keys) {
    if (!key.ends_with(lower)) continue;
    const std::string middle = key.substr(0, key.size() - lower.size());
    if (std::find(keys.begin(), keys.end(), middle + upper) == keys.end()) continue;
    const std::size_t slash = middle.find('/', prefix.size());
    if (slash == std::string::npos) continue;
    found.push_back(
        {middle.substr(prefix.size(), slash - prefix.size()), middle.substr(slash + 1), key, middle + upper});
  }
  return found;
}

/// Per method, both bounds at the places where both have numbers.
std::vector<std::pair<Curve, Curve>> bound_curves(const ReportPart& part, const Bounds& bounds,
                                                  std::size_t most_points) {
  std::vector<std::pair<Curve, Curve>> pairs;
  const std::vector<Curve> uppers = curves_of(part, bounds.upper, most_points);
  for (const Curve& lower : curves_of(part, bounds.lower, most_points)) {
    for (const Curve& upper : uppers) {
      if (lower.style == upper.style && lower.at == upper.at) pairs.emplace_back(lower, upper);
    }
  }
  return pairs;
}

}  // namespace

std::string learning_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points) {
  std::vector<std::string> panels;
  for (const LineChart& chart : score_charts(part, most_points)) panels.push_back(panel(chart));
  std::string body =
      html_figure(std::string("How to read it: ") + kBand + "; numbers at the ends are those of the legend.", panels);
  const std::string split = watched_split(part);
  std::vector<std::string> losses;
  if (!split.empty()) {
    const std::string prefix = split + "_loss/";
    for (const std::string& key : keys_with(part, prefix)) {
      LineChart chart = chart_of(part, key, key.substr(prefix.size()), "mean objective", most_points);
      chart.x_label = "epochs done";
      losses.push_back(panel(chart));
    }
  }
  const std::string figure = html_figure("How to read it: the objective of each task on the " + split +
                                             " split after each epoch; it adds up a method's weighted terms, so "
                                             "methods with different terms are not on one "
                                             "scale.",
                                         losses);
  if (!figure.empty()) body += "<h3>Objective on the " + split + " split</h3>\n" + figure;
  if (body.empty()) return "";
  return html_section(place.id + "learning", "Learning curves: " + split + " scores", place.level,
                      legend_html(part) + body);
}

std::string losses_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points) {
  std::map<std::string, std::vector<std::string>> panels;  // term -> panels of the tasks
  const std::set<std::string> penalties = penalties_of(part);
  for (const std::string& key : keys_with(part, "loss/")) {
    const auto loss = loss_key(key);
    if (!loss) continue;
    const std::string unit = penalties.contains(loss->term) ? "penalty" : "nats";
    LineChart chart = chart_of(part, key, loss->task, unit, most_points);
    chart.may_be_logarithmic = true;
    if (!chart.empty() && !is_zero(chart)) panels[loss->term].push_back(panel(chart));
  }
  std::string body;
  for (const auto& [term, figures] : panels) {
    body += "<h3>" + html_name(term) + "</h3>\n" +
            html_figure("How to read it: the term \"" + term +
                            "\" of each task before its weight, a mean over the steps "
                            "since the last record; " +
                            kBand + ".",
                        figures);
  }
  if (body.empty()) return "";
  body = legend_html(part) +
         html_paragraph(
             "Loss terms are in nats per example, but for the supervised loss of a regression task, which is a "
             "squared error, and for penalties, which have units of their own. Terms that stay 0 are left "
             "out.") +
         body;
  return html_section(place.id + "losses", "Training losses", place.level, body);
}

std::string gradients_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points) {
  LineChart norms = chart_of(part, "gradient_norm", "gradient norm", "norm before clipping", most_points);
  norms.may_be_logarithmic = true;
  norms.mark = clip_norm_of(part);
  norms.mark_label = "clipped above";
  const bool has_line = norms.mark && !norms.empty();
  const std::string figure = html_figure(
      "How to read it: " + std::string(kBand) +
          (has_line ? "; the dashed line is the norm above which gradients are clipped." : "."),
      {panel(norms), panel(chart_of(part, "clipped_share", "clipped steps", "share of steps, %", most_points, 100)),
       panel(chart_of(part, "learning_rate", "learning rate", "peak rate × schedule", most_points)),
       panel(chart_of(part, "skipped_steps", "skipped steps", "steps left out", most_points))});
  if (figure.empty()) return "";
  return html_section(place.id + "gradients", "Gradients and learning rate", place.level, legend_html(part) + figure);
}

std::string weights_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points) {
  const std::string prefix = "weights/";
  std::vector<std::string> panels;
  for (const std::string& key : keys_with(part, prefix)) {
    panels.push_back(panel(chart_of(part, key, key.substr(prefix.size()), "weight of the task's loss", most_points)));
  }
  const std::string figure = html_figure(
      "How to read it: the weight that each method gives a task's loss or gradient; " + std::string(kBand) + ".",
      panels);
  const std::string found = plain_table_html(loss_weight_table(part), 1);
  return html_section(place.id + "weights", "Task weights", place.level,
                      found + (figure.empty() ? "" : legend_html(part) + figure));
}

std::string information_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points) {
  std::vector<std::string> brackets, planes;
  for (const Bounds& bounds : bounds_in(part)) {
    LineChart over_steps = chart_of(part, "", bounds.task, "I(X;Z), nats", most_points);
    LineChart plane{.title = bounds.task,
                    .x_label = "lower bound, nats",
                    .y_label = "upper bound, nats",
                    .curves = {},
                    .is_plane = true,
                    .mark = {},
                    .mark_label = {}};
    for (auto& [lower, upper] : bound_curves(part, bounds, most_points)) {
      Curve bracket = lower;
      bracket.low = lower.mean;
      bracket.high = upper.mean;
      bracket.has_band = true;
      for (std::size_t i = 0; i < bracket.at.size(); ++i) bracket.mean[i] = (lower.mean[i] + upper.mean[i]) / 2;
      over_steps.curves.push_back(std::move(bracket));
      Curve path = upper;
      path.at = lower.mean;
      path.has_band = false;
      plane.curves.push_back(std::move(path));
    }
    brackets.push_back(panel(over_steps));
    planes.push_back(panel(plane));
  }
  const std::string first = html_figure(
      "How to read it: the band lies between the lower and the upper bound on what a task's output representation "
      "tells "
      "about the input, the line in the middle of both; where both bounds hold, the truth lies in the band.",
      brackets);
  const std::string second = html_figure(
      "How to read it: each path runs through training to its dot, lower bound to the right and upper bound upwards; "
      "near "
      "the dashed diagonal the two agree, below it they contradict each other.",
      planes);
  if (first.empty() && second.empty()) return "";
  return html_section(place.id + "information", "Information kept about the input", place.level,
                      legend_html(part) + first + "<h3>Plane of the two bounds</h3>\n" + second);
}

std::string diagnostics_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points) {
  const std::string prefix = "diagnostics/";
  std::vector<std::string> keys = keys_with(part, prefix);
  std::erase_if(keys, [](const std::string& key) { return key.starts_with("diagnostics/weighting/cosine/"); });
  for (const Bounds& bounds : bounds_in(part))
    std::erase_if(keys, [&](const std::string& key) { return key == bounds.lower || key == bounds.upper; });
  std::vector<std::string> panels;
  for (const std::string& key : keys) {
    if (panels.size() == kMostDiagnostics) break;
    const LineChart chart = chart_of(part, key, key.substr(prefix.size()), "as logged, no unit", most_points);
    if (!chart.empty()) panels.push_back(panel(chart));
  }
  std::string body = html_figure(
      "How to read it: what losses and weightings tell of themselves in the log; " + std::string(kBand) + ".", panels);
  if (keys.size() > kMostDiagnostics) {
    body += html_paragraph("The first " + std::to_string(kMostDiagnostics) + " of " + std::to_string(keys.size()) +
                           " diagnostics of the logs are shown.");
  }
  if (!body.empty()) body = legend_html(part) + body;
  if (const std::size_t left_out = numbers_left_out(part); left_out > 0) {
    body += html_paragraph(std::to_string(left_out) +
                           " numbers of the logs are null, not finite or beyond 1e100; lines have gaps there.");
  }
  return html_section(place.id + "diagnostics", "Diagnostics", place.level, body);
}

}  // namespace infomtl::report
