#pragma once
// Interval chart: numbers with their 95 % intervals, one row each, around a line at zero.

#include <string>
#include <vector>

namespace infomtl::report {

struct Interval {
  std::string name;
  std::size_t style = 0;  ///< as in line charts
  double value = 0;       ///< NaN: the row says that there is none
  double half_width = 0;  ///< NaN: the value alone is drawn
  std::string text;       ///< the numbers in words, at the right end of the row
};

struct IntervalChart {
  std::string title;
  std::string x_label;  ///< with its unit
  std::vector<Interval> rows;

  bool empty() const;
  std::string svg() const;
};

}  // namespace infomtl::report
