#include "infomtl/core/svg.h"

#include <cstdio>

#include "infomtl/core/utf8.h"

namespace infomtl {
namespace {

std::string attribute(std::string_view name, double value) {
  return std::string(" ") + std::string(name) + "='" + svg_number(value) + "'";
}

std::string closed(std::string shape, std::string_view attributes) {
  if (!attributes.empty()) shape.append(" ").append(attributes);
  return shape + "/>\n";
}

std::string points_of(const std::vector<SvgPoint>& points) {
  std::string text;
  for (const SvgPoint& point : points) {
    if (!text.empty()) text += ' ';
    text += svg_number(point.x) + "," + svg_number(point.y);
  }
  return text;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string svg_number(double value) {
  char text[400];
  std::snprintf(text, sizeof text, "%.1f", value);
  std::string number = text;
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return number == "-0" ? "0" : number;
}

std::string svg_text(SvgPoint at, std::string_view words, std::string_view attributes) {
  std::string text = "<text" + attribute("x", at.x) + attribute("y", at.y);
  if (!attributes.empty()) text.append(" ").append(attributes);
  return text + ">" + escaped(words) + "</text>\n";
}

std::string svg_line(SvgPoint from, SvgPoint to, std::string_view attributes) {
  return closed(
      "<line" + attribute("x1", from.x) + attribute("x2", to.x) + attribute("y1", from.y) + attribute("y2", to.y),
      attributes);
}

std::string svg_rectangle(SvgPoint corner, double width, double height, std::string_view attributes) {
  return closed("<rect" + attribute("x", corner.x) + attribute("y", corner.y) + attribute("width", width) +
                    attribute("height", height),
                attributes);
}

std::string svg_circle(SvgPoint centre, double radius, std::string_view attributes) {
  return closed("<circle" + attribute("cx", centre.x) + attribute("cy", centre.y) + attribute("r", radius), attributes);
}

std::string svg_polyline(const std::vector<SvgPoint>& points, std::string_view attributes) {
  if (points.size() < 2) return "";
  return closed("<polyline fill='none' points='" + points_of(points) + "'", attributes);
}

std::string svg_polygon(const std::vector<SvgPoint>& points, std::string_view attributes) {
  if (points.size() < 3) return "";
  return closed("<polygon points='" + points_of(points) + "'", attributes);
}

}  // namespace infomtl
