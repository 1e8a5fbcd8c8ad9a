#include <algorithm>
#include <cmath>

#include "infomtl/analysis/information_benchmark.h"
#include "infomtl/core/config.h"
#include "infomtl/core/svg.h"
#include "infomtl/runs/text_table.h"

namespace infomtl {

namespace {

/// Where things of one panel lie on the page.
struct Panel {
  double left, top, width, height;  // of the plotting area
  double steps, low, high;

  SvgPoint at(double step, double nats) const {
    const double inside = std::clamp(nats, low, high);
    return {left + width * step / std::max(1.0, steps), top + height * (high - inside) / (high - low)};
  }
};

std::string words_at(SvgPoint at, const std::string& anchor, int size, const std::string& words,
                     const std::string& weight = "normal") {
  return svg_text(at, words,
                  "text-anchor='" + anchor + "' font-size='" + std::to_string(size) + "' font-weight='" + weight + "'");
}

/// Values of a window's middle, at most `most` points.
std::vector<SvgPoint> points_of(const Panel& panel, const std::vector<double>& values, std::size_t window,
                                std::size_t most) {
  std::vector<SvgPoint> points;
  const std::size_t stride = std::max<std::size_t>(1, values.size() / most);
  for (std::size_t at = 0; at < values.size(); at += stride) {
    const std::size_t begin = at >= window / 2 ? at - window / 2 : 0, end = std::min(values.size(), begin + window);
    double mean = 0;
    for (std::size_t i = begin; i < end; ++i) mean += values[i] / static_cast<double>(end - begin);
    points.push_back(panel.at(static_cast<double>(at), mean));
  }
  return points;
}

std::string drawn(const Panel& panel, const InformationCurve& curve, const InformationBenchmarkSettings& settings) {
  std::string out;
  const double per_target = static_cast<double>(settings.steps);
  for (double nats = std::ceil(panel.low); nats <= panel.high; nats += 2) {
    const SvgPoint left = panel.at(0, nats);
    out += svg_line(left, panel.at(panel.steps, nats), "stroke='#e4e4e4'");
    out += words_at({panel.left - 5, left.y + 3.5}, "end", 10, fixed(nats, 0));
  }
  out += words_at({panel.left, panel.top - 7}, "start", 13, curve.estimator, "bold");
  out += words_at({panel.left + panel.width, panel.top - 7}, "end", 11,
                  curve.kind == "estimate" ? curve.kind : curve.kind + " bound");
  if (!curve.values.empty()) {
    out += svg_polyline(points_of(panel, curve.values, 1, 400),
                        "stroke='#7aa6d8' stroke-width='0.7' stroke-opacity='0.6'");
    out += svg_polyline(points_of(panel, curve.values, std::max<std::size_t>(1, curve.values.size() / 60), 200),
                        "stroke='#1f5fa8' stroke-width='1.8'");
  }
  std::vector<SvgPoint> stairs;
  for (std::size_t t = 0; t < settings.targets.size(); ++t) {
    const auto from = static_cast<double>(t) * per_target;
    stairs.push_back(panel.at(from, settings.targets[t]));
    stairs.push_back(panel.at(from + per_target, settings.targets[t]));
    if (t < curve.analytic_mean.size()) {
      out += svg_circle(panel.at(from + per_target / 2, curve.analytic_mean[t]), 3.2, "fill='#d1661a'");
    }
  }
  out += svg_polyline(stairs, "stroke='black' stroke-dasharray='4 3'");
  out += svg_rectangle({panel.left, panel.top}, panel.width, panel.height, "fill='none' stroke='#888'");
  return out;
}

}  // namespace

std::string InformationReport::table() const {
  std::string out = "| estimator | kind |", rule = "|---|---|";
  for (const double target : settings.targets) {
    out += " " + fixed(target, 1) + " nats |";
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  for (const InformationCurve& curve : curves) {
    out += "| " + curve.estimator + " | " + curve.kind + " |";
    for (std::size_t t = 0; t < settings.targets.size(); ++t) {
      const bool trained = t < curve.trained_mean.size(), analytic = t < curve.analytic_mean.size();
      out += " " + (trained ? fixed(curve.trained_mean[t], 2) + " +- " + fixed(curve.trained_deviation[t], 2) : "-");
      if (analytic) out += " (" + fixed(curve.analytic_mean[t], 2) + ")";
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
  std::string out = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " + fixed(page_width, 0) + " " +
                    fixed(page_height, 0) +
                    "' font-family='sans-serif'>\n<rect width='100%' height='100%' fill='white'/>\n";
  out += words_at({20, 24}, "start", 16, "Mutual information of Gaussian pairs, nats over training steps", "bold");
  out +=
      words_at({20, 42}, "start", 11,
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
    out += words_at({panel.left, panel.top + panel.height + 13}, "start", 10, "0");
    out += words_at({panel.left + panel.width, panel.top + panel.height + 13}, "end", 10,
                    fixed(panel.steps, 0) + " steps");
  }
  return out + "</svg>\n";
}

}  // namespace infomtl
