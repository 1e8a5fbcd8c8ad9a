#pragma once
// Charts: small pictures of one panel each, in SVG, for a page whose style sheet (src/report/page_style.h) gives colours.
//
// Curves differ by colour, dash and a number at their end, so that none needs colour alone. Colours are classes, c0 to
// c7: the page has one set for light and one for dark.

#include <optional>
#include <string>
#include <vector>

#include "report/curve.h"

namespace infomtl::report {

/// Lines with bands. All numbers may be anything: what cannot be drawn is left out.
struct LineChart {
  std::string title;    ///< read aloud, and above the panel
  std::string x_label;  ///< with its unit
  std::string y_label;  ///< with its unit
  std::vector<Curve> curves;
  bool may_be_logarithmic = false;
  bool counts_along_x = true;  ///< steps or epochs; false: any numbers
  bool is_plane =
      false;  ///< x and y in one unit on one scale, with the diagonal; curves are paths, labelled where they end
  std::optional<double> mark;  ///< a dashed line across, where there is one
  std::string mark_label;

  bool empty() const;
  std::string svg() const;
};

/// "c1 d0": the classes of the method at this place.
std::string style_classes(std::size_t style);

/// A picture that reads as one thing: `<svg role='img'>` with a title and a description, both plain text.
std::string picture(double width, double height, const std::string& title, const std::string& description,
                    const std::string& shapes, const std::string& css_class = "");

}  // namespace infomtl::report
