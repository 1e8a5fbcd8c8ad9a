#include "report/line_chart.h"

#include <algorithm>
#include <utility>

#include "infomtl/core/svg.h"
#include "infomtl/core/utf8.h"
#include "report/axis.h"

namespace infomtl::report {
namespace {

constexpr double kWidth = 360, kHeight = 222, kLeastLeft = 46, kRight = 24, kTop = 24, kBottom = 32;
constexpr double kPlotHeight = kHeight - kTop - kBottom, kTickGap = 5;
constexpr std::size_t kLongestLabel = 48, kLongestEnd = 3;  ///< signs
constexpr std::size_t kFewCurves = 6;                       ///< that still show their bands well
constexpr double kLabelGap = 10;                            ///< between two numbers at the ends of curves

std::vector<double> all_of(const std::vector<Curve>& curves, std::vector<double> Curve::*member) {
  std::vector<double> all;
  for (const Curve& curve : curves) all.insert(all.end(), (curve.*member).begin(), (curve.*member).end());
  return all;
}

/// Where a chart's numbers lie on its panel.
struct Panel {
  Panel(Axis along, Axis up) : x(std::move(along)), y(std::move(up)), left(kLeastLeft) {
    for (const Tick& tick : y.ticks()) left = std::max(left, widest_tick(tick.text) + kTickGap);
  }

  Axis x, y;
  double left;  ///< room for the numbers along y

  double right() const { return kWidth - kRight; }
  double width() const { return right() - left; }
  SvgPoint at(double step, double value) const {
    return {left + width() * x.place(step), kTop + kPlotHeight * (1 - y.place(value))};
  }
};

std::string frame(const Panel& panel, const LineChart& chart) {
  std::string out;
  for (const Tick& tick : panel.y.ticks()) {
    const double y = kTop + kPlotHeight * (1 - tick.place);
    out += svg_line({panel.left, y}, {panel.right(), y}, "class='grid'");
    out += svg_text({panel.left - kTickGap, y + 3.5}, tick.text, "class='tick' text-anchor='end'");
  }
  for (const Tick& tick : panel.x.ticks()) {
    const double x = panel.left + panel.width() * tick.place;
    out += svg_line({x, kTop + kPlotHeight}, {x, kTop + kPlotHeight + 3}, "class='axis'");
    out += svg_text({x, kTop + kPlotHeight + 14}, tick.text, "class='tick' text-anchor='middle'");
  }
  out += svg_line({panel.left, kTop + kPlotHeight}, {panel.right(), kTop + kPlotHeight}, "class='axis'");
  out += svg_text({panel.left + panel.width() / 2, kHeight - 4}, shortened_to(printable(chart.x_label), kLongestLabel),
                  "class='label' text-anchor='middle'");
  const std::string unit =
      shortened_to(printable(chart.y_label), kLongestLabel) + (panel.y.logarithmic() ? ", logarithmic axis" : "");
  return out + svg_text({2, 11}, unit, "class='label'");
}

/// The band around one curve: a polygon for each stretch without a gap.
std::string band(const Panel& panel, const Curve& curve) {
  std::string out;
  std::vector<SvgPoint> upper, lower;
  const auto close = [&] {
    upper.insert(upper.end(), lower.rbegin(), lower.rend());
    out += svg_polygon(upper, "class='band'");
    upper.clear();
    lower.clear();
  };
  for (std::size_t i = 0; i < curve.at.size(); ++i) {
    if (!is_drawable(curve.low[i]) || !is_drawable(curve.high[i])) {
      close();
      continue;
    }
    upper.push_back(panel.at(curve.at[i], curve.high[i]));
    lower.push_back(panel.at(curve.at[i], curve.low[i]));
  }
  close();
  return out;
}

std::string line(const Panel& panel, const Curve& curve) {
  std::string out;
  std::vector<SvgPoint> stretch;
  const bool few = curve.at.size() <= 12;  // then each place is worth a dot
  const auto close = [&] {
    if (stretch.size() == 1 && !few) out += svg_circle(stretch.front(), 1.8, "class='dot'");
    out += svg_polyline(stretch, "class='line'");
    stretch.clear();
  };
  for (std::size_t i = 0; i < curve.at.size(); ++i) {
    if (is_drawable(curve.mean[i]) && is_drawable(curve.at[i])) {
      if (few) out += svg_circle(panel.at(curve.at[i], curve.mean[i]), 1.8, "class='dot'");
      stretch.push_back(panel.at(curve.at[i], curve.mean[i]));
    } else {
      close();
    }
  }
  close();
  return out;
}

struct EndLabel {
  SvgPoint end;
  std::size_t style;
  std::string text;
};

std::vector<EndLabel> ends_of(const Panel& panel, const std::vector<Curve>& curves) {
  std::vector<EndLabel> labels;
  for (const Curve& curve : curves) {
    for (std::size_t i = curve.is_quiet ? 0 : curve.at.size(); i-- > 0;) {
      if (!is_drawable(curve.mean[i]) || !is_drawable(curve.at[i])) continue;
      labels.push_back({panel.at(curve.at[i], curve.mean[i]), curve.style,
                        curve.label.empty() ? std::to_string(curve.style + 1) : curve.label});
      break;
    }
  }
  return labels;
}

std::string label_text(SvgPoint at, const EndLabel& label) {
  return svg_text(at, shortened_to(printable(label.text), kLongestEnd),
                  "class='end " + style_classes(label.style) + "'");
}

/// The numbers at the `right` end of the panel, moved apart where they would lie on each other.
std::string end_labels(std::vector<EndLabel> labels, double right) {
  std::sort(labels.begin(), labels.end(), [](const EndLabel& a, const EndLabel& b) { return a.end.y < b.end.y; });
  for (std::size_t i = 1; i < labels.size(); ++i) {
    labels[i].end.y = std::max(labels[i].end.y, labels[i - 1].end.y + kLabelGap);
  }
  double lowest = kTop + kPlotHeight;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    label->end.y = std::min(label->end.y, lowest);
    lowest = label->end.y - kLabelGap;
  }
  std::string out;
  for (const EndLabel& label : labels) out += label_text({right + 5, label.end.y + 3.5}, label);
  return out;
}

/// The numbers where paths end in a plane.
std::string path_labels(const std::vector<EndLabel>& labels) {
  std::string out;
  for (const EndLabel& label : labels) {
    out += svg_circle(label.end, 3, "class='dot " + style_classes(label.style) + "'");
    out += label_text({label.end.x + 5, label.end.y - 4}, label);
  }
  return out;
}

std::string described(const LineChart& chart) {
  std::string text = chart.y_label + " over " + chart.x_label + ".";
  for (const Curve& curve : chart.curves) {
    std::vector<double> there;
    for (const double value : curve.mean) {
      if (is_drawable(value)) there.push_back(value);
    }
    if (there.empty()) continue;
    text += " " + std::to_string(curve.style + 1) + " " + shortened_to(printable(curve.name), 40) + ": from " +
            short_number(there.front()) + " to " + short_number(there.back()) + ".";
  }
  return text;
}

}  // namespace

std::string style_classes(std::size_t style) {
  return "c" + std::to_string(style % 8) + " d" + std::to_string((style / 8) % 3);
}

std::string picture(double width, double height, const std::string& title, const std::string& description,
                    const std::string& shapes, const std::string& css_class) {
  const std::string classes = css_class.empty() ? "" : " class='" + css_class + "'";
  return "<svg role='img'" + classes + " viewBox='0 0 " + svg_number(width) + " " + svg_number(height) +
         "' xmlns='http://www.w3.org/2000/svg'><title>" + escaped(title) + "</title><desc>" + escaped(description) +
         "</desc>\n" + shapes + "</svg>\n";
}

bool LineChart::empty() const {
  return std::all_of(curves.begin(), curves.end(), [](const Curve& curve) { return curve.empty(); });
}

std::string LineChart::svg() const {
  std::vector<double> values = all_of(curves, &Curve::mean);
  for (const auto member : {&Curve::low, &Curve::high}) {
    const std::vector<double> more = all_of(curves, member);
    values.insert(values.end(), more.begin(), more.end());
  }
  if (mark) values.push_back(*mark);
  std::vector<double> places = all_of(curves, &Curve::at);
  if (is_plane) {
    values.insert(values.end(), places.begin(), places.end());
    places = values;
  }
  const Panel panel{Axis(places, counts_along_x && !is_plane ? Axis::Kind::spanning : Axis::Kind::linear),
                    Axis(values, may_be_logarithmic ? Axis::Kind::logarithmic : Axis::Kind::linear)};
  std::string shapes = frame(panel, *this);
  if (mark && is_drawable(*mark)) {
    const double y = panel.at(panel.x.low(), *mark).y;
    shapes += svg_line({panel.left, y}, {panel.right(), y}, "class='mark'");
    shapes += svg_text({panel.left + 3, y - 3}, mark_label, "class='tick'");
  }
  if (is_plane) shapes += svg_line({panel.left, kTop + kPlotHeight}, {panel.right(), kTop}, "class='mark'");
  for (const Curve& curve : curves) {
    const std::string name = std::to_string(curve.style + 1) + " " + curve.name;
    shapes += "<g class='" + (curve.is_quiet ? "quiet" : style_classes(curve.style)) + "'><title>" +
              escaped(shortened_to(printable(name), 80)) + "</title>\n" + (curve.has_band ? band(panel, curve) : "") +
              line(panel, curve) + "</g>\n";
  }
  if (is_plane) shapes += path_labels(ends_of(panel, curves));
  if (!is_plane && curves.size() > 1) shapes += end_labels(ends_of(panel, curves), panel.right());
  return picture(kWidth, kHeight, title, described(*this), shapes, curves.size() > kFewCurves ? "many" : "");
}

}  // namespace infomtl::report
