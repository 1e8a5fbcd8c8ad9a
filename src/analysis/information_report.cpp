#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "infomtl/analysis/information_benchmark.h"
#include "infomtl/core/config.h"

namespace infomtl {

namespace {

std::string number(double value, int digits = 2) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

/// Where things of one panel lie on the page.
struct Panel {
  double left, top, width, height;  // of the plotting area
  double steps, low, high;

  std::string x(double step) const { return number(left + width * step / std::max(1.0, steps), 1); }
  std::string y(double nats) const {
    const double inside = std::clamp(nats, low, high);
    return number(top + height * (high - inside) / (high - low), 1);
  }
};

std::string text_at(const std::string& x, const std::string& y, const std::string& anchor, int size,
                    const std::string& words, const std::string& weight = "normal") {
  return "<text x='" + x + "' y='" + y + "' text-anchor='" + anchor + "' font-size='" + std::to_string(size) +
         "' font-weight='" + weight + "'>" + words + "</text>\n";
}

std::string polyline(const std::string& points, const char* colour, double width, double opacity) {
  return "<polyline fill='none' stroke='" + std::string(colour) + "' stroke-width='" + number(width, 1) +
         "' stroke-opacity='" + number(opacity) + "' points='" + points + "'/>\n";
}

/// Values of a window's middle, at most `most` points.
std::string points_of(const Panel& panel, const std::vector<double>& values, std::size_t window, std::size_t most) {
  std::string points;
  const std::size_t stride = std::max<std::size_t>(1, values.size() / most);
  for (std::size_t at = 0; at < values.size(); at += stride) {
    const std::size_t begin = at >= window / 2 ? at - window / 2 : 0, end = std::min(values.size(), begin + window);
    double mean = 0;
    for (std::size_t i = begin; i < end; ++i) mean += values[i] / static_cast<double>(end - begin);
    points += panel.x(static_cast<double>(at)) + "," + panel.y(mean) + " ";
  }
  return points;
}

std::string drawn(const Panel& panel, const InformationCurve& curve, const InformationBenchmarkSettings& settings) {
  std::string out;
  const double per_target = static_cast<double>(settings.steps);
  for (double nats = std::ceil(panel.low); nats <= panel.high; nats += 2) {
    out += "<line x1='" + panel.x(0) + "' x2='" + panel.x(panel.steps) + "' y1='" + panel.y(nats) + "' y2='" +
           panel.y(nats) + "' stroke='#e4e4e4'/>\n";
    out += text_at(number(panel.left - 5, 1), number(std::stod(panel.y(nats)) + 3.5, 1), "end", 10, number(nats, 0));
  }
  out += text_at(number(panel.left, 1), number(panel.top - 7, 1), "start", 13, curve.estimator, "bold");
  out += text_at(number(panel.left + panel.width, 1), number(panel.top - 7, 1), "end", 11,
                 curve.kind == "estimate" ? curve.kind : curve.kind + " bound");
  if (!curve.values.empty()) {
    out += polyline(points_of(panel, curve.values, 1, 400), "#7aa6d8", 0.7, 0.6);
    out += polyline(points_of(panel, curve.values, std::max<std::size_t>(1, curve.values.size() / 60), 200), "#1f5fa8",
                    1.8, 1.0);
  }
  std::string stairs;
  for (std::size_t t = 0; t < settings.targets.size(); ++t) {
    const auto from = static_cast<double>(t) * per_target;
    stairs += panel.x(from) + "," + panel.y(settings.targets[t]) + " " + panel.x(from + per_target) + "," +
              panel.y(settings.targets[t]) + " ";
    if (t < curve.analytic_mean.size()) {
      out += "<circle cx='" + panel.x(from + per_target / 2) + "' cy='" + panel.y(curve.analytic_mean[t]) +
             "' r='3.2' fill='#d1661a'/>\n";
    }
  }
  out += "<polyline fill='none' stroke='black' stroke-dasharray='4 3' points='" + stairs + "'/>\n";
  out += "<rect x='" + panel.x(0) + "' y='" + panel.y(panel.high) + "' width='" + number(panel.width, 1) +
         "' height='" + number(panel.height, 1) + "' fill='none' stroke='#888'/>\n";
  return out;
}

}  // namespace

std::string InformationReport::table() const {
  std::string out = "| estimator | kind |", rule = "|---|---|";
  for (const double target : settings.targets) {
    out += " " + number(target, 1) + " nats |";
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  for (const InformationCurve& curve : curves) {
    out += "| " + curve.estimator + " | " + curve.kind + " |";
    for (std::size_t t = 0; t < settings.targets.size(); ++t) {
      const bool trained = t < curve.trained_mean.size(), analytic = t < curve.analytic_mean.size();
      out += " " + (trained ? number(curve.trained_mean[t]) + " +- " + number(curve.trained_deviation[t]) : "-");
      if (analytic) out += " (" + number(curve.analytic_mean[t]) + ")";
      out += " |";
    }
    out += "\n";
  }
  return out;
}

Json InformationReport::json() const {
  Json out = {{"targets", settings.targets}, {"dimensions", settings.dimensions}, {"rows", settings.rows},
              {"steps", settings.steps},     {"critic", settings.critic},         {"seed", settings.seed},
              {"curves", Json::array()}};
  for (const InformationCurve& curve : curves) {
    out["curves"].push_back({{"estimator", curve.estimator},
                             {"kind", curve.kind},
                             {"trained", {{"mean", curve.trained_mean}, {"deviation", curve.trained_deviation}}},
                             {"analytic", {{"mean", curve.analytic_mean}, {"deviation", curve.analytic_deviation}}},
                             {"values", curve.values}});
  }
  return out;
}

std::string InformationReport::svg() const {
  constexpr std::size_t kColumns = 4;
  constexpr double kWidth = 300, kHeight = 220, kTop = 64;
  const std::size_t rows = (curves.size() + kColumns - 1) / kColumns;
  const double page_width = kWidth * static_cast<double>(std::min(curves.size(), kColumns)) + 20;
  const double page_height = kTop + kHeight * static_cast<double>(rows) + 20;
  const double most =
      settings.targets.empty() ? 1 : *std::max_element(settings.targets.begin(), settings.targets.end());
  std::string out = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " + number(page_width, 0) + " " +
                    number(page_height, 0) +
                    "' font-family='sans-serif'>\n<rect width='100%' height='100%' fill='white'/>\n";
  out += text_at("20", "24", "start", 16, "Mutual information of Gaussian pairs, nats over training steps", "bold");
  out += text_at("20", "42", "start", 11,
                 "dashed: truth; light: each step; dark: running mean; dots: analytic critic (" + settings.critic +
                     " critic, " + std::to_string(settings.rows) + " rows, k = " + std::to_string(settings.dimensions) +
                     "; values outside the frame lie on its edge)");
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Panel panel{.left = 40 + kWidth * static_cast<double>(i % kColumns),
                      .top = kTop + 24 + kHeight * static_cast<double>(i / kColumns),
                      .width = kWidth - 44,
                      .height = kHeight - 50,
                      .steps = static_cast<double>(settings.steps) * static_cast<double>(settings.targets.size()),
                      .low = 0,
                      .high = 1.4 * std::max(1.0, most)};
    out += drawn(panel, curves[i], settings);
    out += text_at(panel.x(0), number(panel.top + panel.height + 13, 1), "start", 10, "0");
    out += text_at(panel.x(panel.steps), number(panel.top + panel.height + 13, 1), "end", 10,
                   number(panel.steps, 0) + " steps");
  }
  return out + "</svg>\n";
}

}  // namespace infomtl
