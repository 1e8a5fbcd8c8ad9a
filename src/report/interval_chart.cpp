#include "report/interval_chart.h"

#include <algorithm>

#include "infomtl/core/svg.h"
#include "infomtl/core/utf8.h"
#include "report/axis.h"
#include "report/line_chart.h"

namespace infomtl::report {
namespace {

constexpr double kWidth = 360, kRow = 30, kTop = 6, kBottom = 34, kLeastSide = 12;
constexpr std::size_t kLongestName = 30;

}  // namespace

bool IntervalChart::empty() const {
  return std::none_of(rows.begin(), rows.end(), [](const Interval& row) { return is_drawable(row.value); });
}

std::string IntervalChart::svg() const {
  std::vector<double> numbers = {0};
  for (const Interval& row : rows) {
    if (!is_drawable(row.value)) continue;
    numbers.push_back(row.value);
    if (!is_drawable(row.half_width)) continue;
    numbers.push_back(row.value - row.half_width);
    numbers.push_back(row.value + row.half_width);
  }
  const Axis axis(numbers, Axis::Kind::linear);
  double side = kLeastSide;  // room for the half of a number at an end
  for (const Tick& tick : axis.ticks()) side = std::max(side, widest_tick(tick.text) / 2);
  const auto x = [&](double value) { return side + (kWidth - 2 * side) * axis.place(value); };
  const double bottom = kTop + kRow * static_cast<double>(rows.size());
  std::string shapes, words = x_label + ".";
  for (const Tick& tick : axis.ticks()) {
    const double at = side + (kWidth - 2 * side) * tick.place;
    shapes += svg_line({at, kTop}, {at, bottom}, "class='grid'");
    shapes += svg_text({at, bottom + 14}, tick.text, "class='tick' text-anchor='middle'");
  }
  shapes += svg_line({x(0), kTop}, {x(0), bottom + 3}, "class='zero'");
  shapes += svg_text({kWidth / 2, bottom + kBottom - 6}, x_label, "class='label' text-anchor='middle'");
  double top = kTop;
  for (const Interval& row : rows) {
    const std::string name = std::to_string(row.style + 1) + " " + printable(row.name);
    shapes += "<g class='" + style_classes(row.style) + "'><title>" + escaped(name + ": " + row.text) + "</title>\n";
    shapes += svg_text({2, top + 11}, shortened_to(name, kLongestName), "class='name'");
    shapes += svg_text({kWidth - 2, top + 11}, row.text, "class='name' text-anchor='end'");
    const double y = top + 20;
    if (is_drawable(row.value)) {
      if (is_drawable(row.half_width)) {
        const double left = x(row.value - row.half_width), right = x(row.value + row.half_width);
        shapes += svg_line({left, y}, {right, y}, "class='interval'");
        shapes += svg_line({left, y - 3.5}, {left, y + 3.5}, "class='interval'");
        shapes += svg_line({right, y - 3.5}, {right, y + 3.5}, "class='interval'");
      }
      shapes += svg_circle({x(row.value), y}, 3.5, "class='dot'");
    }
    shapes += "</g>\n";
    words += " " + shortened_to(name, 40) + ": " + row.text + ".";
    top += kRow;
  }
  return picture(kWidth, bottom + kBottom, title, words, shapes);
}

}  // namespace infomtl::report
