#pragma once
// Axis: from numbers to places on a plot, with the numbers that are written along it.

#include <string>
#include <vector>

namespace infomtl::report {

struct Tick {
  double place = 0;  ///< 0 at the beginning of the axis, 1 at its end
  std::string text;
};

class Axis {
 public:
  enum class Kind {
    linear,       ///< with a little room at both ends
    spanning,     ///< linear, from the least number to the greatest, ticks at whole numbers
    logarithmic,  ///< where all numbers are above zero and the greatest is more than a hundred times the least
  };

  /// Over these numbers; what is_drawable() refuses is passed over, and without any the axis goes from 0 to 1.
  Axis(const std::vector<double>& numbers, Kind wanted);

  /// 0 to 1; a number outside lies at the end. @pre is_drawable(number)
  double place(double number) const;
  bool logarithmic() const { return logarithmic_; }
  double low() const { return low_; }
  double high() const { return high_; }
  /// At most eight, none where rounding leaves no room.
  std::vector<Tick> ticks() const;

 private:
  double low_ = 0, high_ = 1;
  bool logarithmic_ = false, whole_ = false;
};

/// Units of a picture that the text of a tick is wide at most, in the font of the page's class `tick`.
double widest_tick(const std::string& text);

/// A number as short as it can be told with three digits: "0.12", "4300", "1e+30"; "-" for NaN.
std::string short_number(double value);

}  // namespace infomtl::report
