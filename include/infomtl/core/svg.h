#pragma once
// SVG: the shapes that pictures are drawn with, and text that is safe inside a page.
//
//   std::string picture = svg_line({0, 10}, {100, 10}, "stroke='#888'") + svg_text({0, 8}, "a < b", "font-size='11'");
//
// Coordinates are in the units of the picture's viewBox, y downwards. `attributes` is written as it stands.

#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// For the content of elements and for values of attributes: `&`, `<`, `>` and both quotes become entities, and what
/// printable() replaces is replaced.
INFOMTL_API std::string escaped(std::string_view text);

struct SvgPoint {
  double x = 0, y = 0;
};

/// A coordinate with one digit after the point, without a needless ".0". @pre finite
INFOMTL_API std::string svg_number(double value);
/// @param words  plain text; it is escaped here
INFOMTL_API std::string svg_text(SvgPoint at, std::string_view words, std::string_view attributes);
INFOMTL_API std::string svg_line(SvgPoint from, SvgPoint to, std::string_view attributes);
INFOMTL_API std::string svg_rectangle(SvgPoint corner, double width, double height, std::string_view attributes);
INFOMTL_API std::string svg_circle(SvgPoint centre, double radius, std::string_view attributes);
/// A line through the points, not filled; nothing for fewer than two.
INFOMTL_API std::string svg_polyline(const std::vector<SvgPoint>& points, std::string_view attributes);
/// A filled shape; nothing for fewer than three points.
INFOMTL_API std::string svg_polygon(const std::vector<SvgPoint>& points, std::string_view attributes);

}  // namespace infomtl
