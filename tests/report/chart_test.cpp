#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "report/axis.h"
#include "report/curve.h"
#include "report/html_text.h"
#include "report/interval_chart.h"
#include "report/line_chart.h"
#include "report/matrix_table.h"
#include "report/sparkline.h"

namespace infomtl::report {
namespace {

using testing::nesting_fault;
using testing::occurrences;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

LineChart chart_with(std::vector<double> at, std::vector<double> values) {
  LineChart chart;
  chart.title = "hate";
  chart.x_label = "steps";
  chart.y_label = "nats";
  Curve curve;
  curve.name = "plain";
  curve.at = std::move(at);
  curve.mean = curve.low = curve.high = std::move(values);
  curve.has_band = true;
  chart.curves = {curve};
  return chart;
}

/// No coordinate may be a word or lie far outside the panel.
void expect_drawn_inside(const std::string& svg) {
  EXPECT_EQ(nesting_fault(svg), "");
  EXPECT_EQ(svg.find("nan"), std::string::npos) << svg;
  EXPECT_EQ(svg.find("inf"), std::string::npos) << svg;
  for (std::size_t at = svg.find("points='"); at != std::string::npos; at = svg.find("points='", at + 1)) {
    const std::string points = svg.substr(at + 8, svg.find('\'', at + 8) - at - 8);
    EXPECT_LT(points.size(), 4000U);
    for (std::size_t i = 0; i < points.size();) {
      std::size_t used = 0;
      const double coordinate = std::stod(points.substr(i), &used);
      EXPECT_GE(coordinate, -1);
      EXPECT_LE(coordinate, 400);
      i += used + 1;
    }
  }
}

TEST(Curve, IsTheMeanAndTheRangeOfTheSeeds) {
  const Series first{{10, 20}, {1, 2}}, second{{10, 20}, {3, kNan}};
  const Curve curve = curve_over_seeds({&first, &second}, 100);
  EXPECT_EQ(curve.at, (std::vector<double>{10, 20}));
  EXPECT_EQ(curve.mean, (std::vector<double>{2, 2}));
  EXPECT_EQ(curve.low, (std::vector<double>{1, 2}));
  EXPECT_EQ(curve.high, (std::vector<double>{3, 2}));
  EXPECT_TRUE(curve.has_band);
  EXPECT_EQ(curve.left_out, 1U);
}

TEST(Curve, IsThinnedToMeansOfStretches) {
  Series series;
  for (int i = 0; i < 1000; ++i) {
    series.at.push_back(i);
    series.values.push_back(i);
  }
  const Curve curve = curve_over_seeds({&series}, 10);
  ASSERT_EQ(curve.at.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_NEAR(curve.mean[i], 100 * static_cast<double>(i) + 49.5, 1.0);
    EXPECT_DOUBLE_EQ(curve.at[i], curve.mean[i]);  // the values are the places
  }
  EXPECT_FALSE(curve.has_band);
}

TEST(Curve, OfOnePlaceOrNoneIsOne) {
  const Series one{{5, 5, 5}, {1, 2, 3}}, none{{}, {}};
  EXPECT_EQ(curve_over_seeds({&one}, 1).mean, (std::vector<double>{2}));
  EXPECT_TRUE(curve_over_seeds({&none}, 10).empty());
  EXPECT_TRUE(curve_over_seeds({}, 10).empty());
}

TEST(Axis, TicksAreRoundAndFew) {
  const Axis axis({0.12, 0.87}, Axis::Kind::linear);
  std::vector<std::string> texts;
  for (const Tick& tick : axis.ticks()) texts.push_back(tick.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"0.2", "0.4", "0.6", "0.8"}));
  EXPECT_NEAR(axis.place(0.12), 0.05 / 1.1, 1e-9);
}

TEST(Axis, CountsHaveWholeTicks) {
  for (const Tick& tick : Axis({1, 2}, Axis::Kind::spanning).ticks()) {
    EXPECT_EQ(tick.text.find('.'), std::string::npos) << tick.text;
  }
}

TEST(Axis, IsLogarithmicWhereTheNumbersSpanIt) {
  EXPECT_TRUE(Axis({0.001, 10}, Axis::Kind::logarithmic).logarithmic());
  EXPECT_NEAR(Axis({0.001, 10}, Axis::Kind::logarithmic).place(0.1), 0.5, 1e-9);
  EXPECT_FALSE(Axis({1, 10}, Axis::Kind::logarithmic).logarithmic());
  EXPECT_FALSE(Axis({-1, 1000}, Axis::Kind::logarithmic).logarithmic());
}

TEST(Axis, AnyNumbersGiveFiniteTicks) {
  const std::vector<std::vector<double>> sets = {{},        {kNan},           {kInfinity, 1},   {0},
                                                 {1e100},   {-1e100, 1e100},  {1e-300, 2e-300}, {1e15, 1e15 + 1},
                                                 {7, 7, 7}, {-5e-324, 5e-324}};
  for (const auto& numbers : sets) {
    for (const Axis::Kind kind : {Axis::Kind::linear, Axis::Kind::spanning, Axis::Kind::logarithmic}) {
      const std::vector<Tick> ticks = Axis(numbers, kind).ticks();
      EXPECT_LE(ticks.size(), 8U);
      for (const Tick& tick : ticks) {
        EXPECT_GE(tick.place, 0.0);
        EXPECT_LE(tick.place, 1.0);
        EXPECT_LT(tick.text.size(), 20U) << tick.text;
      }
    }
  }
}

TEST(LineChart, DrawsALineABandAndWords) {
  const std::string svg = chart_with({1, 2, 3}, {1, 2, 4}).svg();
  expect_drawn_inside(svg);
  EXPECT_EQ(occurrences(svg, "<polyline"), 1U);
  EXPECT_EQ(occurrences(svg, "<polygon"), 1U);
  EXPECT_NE(svg.find("<title>hate</title>"), std::string::npos);
  EXPECT_NE(svg.find("from 1 to 4"), std::string::npos);
}

/// No number along an axis may begin before the picture or end behind it; digits are 0.64 em wide at most, here 6.7 units.
void expect_ticks_inside(const std::string& svg) {
  std::size_t ticks = 0;
  for (std::size_t at = svg.find("class='tick' text-anchor='"); at != std::string::npos; ++ticks) {
    const double x = std::stod(svg.substr(svg.rfind("x='", at) + 3));
    const std::size_t words = svg.find('>', at) + 1;
    const double width = 6.7 * static_cast<double>(svg.find('<', words) - words);
    const bool ends = svg.compare(at + 26, 3, "end") == 0;
    EXPECT_GE(x - (ends ? width : width / 2), -0.1) << svg.substr(words, 12);
    EXPECT_LE(x + (ends ? 0 : width / 2), 360.1) << svg.substr(words, 12);
    at = svg.find("class='tick' text-anchor='", at + 1);
  }
  EXPECT_GT(ticks, 0U);
}

TEST(LineChart, LeavesRoomForTheWidestNumberAlongY) {
  for (const auto& values : std::vector<std::vector<double>>{
           {1.85e-4, 1.9e-4, 2.1e-4}, {-1e99, 0, -1.5e99}, {123456.5, 123456.7, 123457}, {0.1, 0.5, 0.9}}) {
    const std::string svg = chart_with({1, 2, 3}, values).svg();
    expect_ticks_inside(svg);
    expect_drawn_inside(svg);
  }
}

TEST(IntervalChart, LeavesRoomForTheNumbersAtItsEnds) {
  expect_ticks_inside(IntervalChart{"average", "points", {{"imtl", 1, -1.05e-4, 0.0, "-0.000105"}}}.svg());
  expect_ticks_inside(IntervalChart{"average", "points", {{"imtl", 1, 2.0, 900000.0, "wide"}}}.svg());
}

TEST(LineChart, ANumberThatIsMissingIsAGap) {
  const std::string svg = chart_with({1, 2, 3, 4, 5}, {1, 2, kNan, 4, 5}).svg();
  expect_drawn_inside(svg);
  EXPECT_EQ(occurrences(svg, "<polyline"), 2U);
}

TEST(LineChart, HugeNumbersAndNansDoNoHarm) {
  for (const auto& values : std::vector<std::vector<double>>{
           {1e308, -1e308, 0}, {kInfinity, 1, 2}, {kNan, kNan, kNan}, {1e99, -1e99, 1}, {1e-310, 1e99, 1}, {5, 5, 5}}) {
    LineChart chart = chart_with({0, 1, 2}, values);
    for (const bool logarithmic : {false, true}) {
      chart.may_be_logarithmic = logarithmic;
      chart.mark = 1.0;
      expect_drawn_inside(chart.svg());
    }
  }
  EXPECT_TRUE(chart_with({0, 1}, {kNan, kInfinity}).empty());
}

TEST(LineChart, NumbersAtTheEndsDoNotLieOnEachOther) {
  LineChart chart = chart_with({0, 1}, {1, 1});
  for (std::size_t i = 1; i < 13; ++i) {
    chart.curves.push_back(chart.curves.front());
    chart.curves.back().style = i;
  }
  const std::string svg = chart.svg();
  double last = -100;
  for (std::size_t at = svg.find("class='end"); at != std::string::npos; at = svg.find("class='end", at + 1)) {
    const std::size_t y = svg.rfind("y='", at) + 3;
    const double here = std::stod(svg.substr(y));
    EXPECT_GE(here - last, 9.8);
    EXPECT_LE(here, 222);
    last = here;
  }
  EXPECT_EQ(occurrences(svg, "class='end"), 13U);
}

TEST(LineChart, EscapesNames) {
  LineChart chart = chart_with({0, 1}, {1, 2});
  chart.title = "<script>alert('x')</script>";
  chart.curves[0].name = "a\"b<i>";
  const std::string svg = chart.svg();
  EXPECT_EQ(nesting_fault(svg), "");
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find("<i>"), std::string::npos);
}

TEST(IntervalChart, ShowsZeroTheDotAndTheInterval) {
  const IntervalChart chart{
      "average", "points", {{"imtl", 1, 2.0, 0.5, "+2.00 ± 0.50"}, {"one seed", 2, 1.0, kNan, "+1.00"}}};
  const std::string svg = chart.svg();
  expect_drawn_inside(svg);
  EXPECT_EQ(occurrences(svg, "class='zero'"), 1U);
  EXPECT_EQ(occurrences(svg, "class='interval'"), 3U);  // a bar and its two ends
  EXPECT_EQ(occurrences(svg, "<circle"), 2U);
}

TEST(IntervalChart, WithoutNumbersIsEmptyAndStillWhole) {
  const IntervalChart chart{"average", "points", {{"imtl", 1, kNan, kNan, "not known"}, {"b", 2, 1e300, 1, "big"}}};
  EXPECT_TRUE(chart.empty());
  expect_drawn_inside(chart.svg());
}

TEST(MatrixTable, HasHeadingsAndSaysWhatIsMissing) {
  const std::string html = matrix_table_html("cosines", {"a", "<b>"}, {{kNan, -0.5}, {0.25, 1e300}}, 1);
  EXPECT_EQ(nesting_fault(html), "");
  EXPECT_EQ(occurrences(html, "scope='row'"), 2U);
  EXPECT_NE(html.find(">-0.50<"), std::string::npos);
  EXPECT_EQ(occurrences(html, ">-<"), 2U);
  EXPECT_EQ(html.find("<b>"), std::string::npos);
}

TEST(Sparkline, GoesFromTheLeastToTheGreatest) {
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline({1, kNan, 1e308, 1}), "▄  ▄");
  EXPECT_EQ(sparkline({}), "");
  EXPECT_EQ(sparkline({-1e100, 1e100}), "▁█");
}

}  // namespace
}  // namespace infomtl::report
