#include "report/axis.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "infomtl/runs/text_table.h"
#include "report/curve.h"

namespace infomtl::report {
namespace {

constexpr double kWidestDigit = 6.7;  ///< at 10.5 px in the widest of the page's fonts, DejaVu Sans

/// 1, 2 or 5 times a power of ten, not below `step`.
double round_step(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::string tick_text(double value, double step) {
  if (std::abs(value) < step * 1e-6) return "0";
  if (std::abs(value) >= 1e6 || step < 1e-4) return short_number(value);
  return fixed(value, std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9))));
}

}  // namespace

Axis::Axis(const std::vector<double>& numbers, Kind wanted) {
  bool any = false;
  for (const double number : numbers) {
    if (!is_drawable(number)) continue;
    low_ = any ? std::min(low_, number) : number;
    high_ = any ? std::max(high_, number) : number;
    any = true;
  }
  if (!any) low_ = 0, high_ = 1;
  whole_ = wanted == Kind::spanning;
  logarithmic_ = wanted == Kind::logarithmic && low_ > 0 && high_ > 100 * low_;
  if (logarithmic_) return;
  const double widest = std::max(std::abs(low_), std::abs(high_));
  if (high_ - low_ <= std::max(1e-9 * widest, 1e-280)) {  // one number, or what rounding makes of it
    const double room = whole_ || widest < 1e-250 ? std::max(1.0, 1e-6 * widest) : 0.05 * widest;
    low_ -= room;
    high_ += room;
  } else if (!whole_) {
    const double room = 0.05 * (high_ - low_);
    low_ -= room;
    high_ += room;
  }
}

double Axis::place(double number) const {
  const double share = logarithmic_
                           ? (std::log(std::max(number, low_)) - std::log(low_)) / (std::log(high_) - std::log(low_))
                           : (number - low_) / (high_ - low_);
  return std::clamp(share, 0.0, 1.0);
}

std::vector<Tick> Axis::ticks() const {
  std::vector<Tick> ticks;
  if (logarithmic_) {
    const double first = std::ceil(std::log10(low_) - 1e-9), last = std::floor(std::log10(high_) + 1e-9);
    const double stride = std::max(1.0, std::ceil((last - first) / 4));
    for (double power = first; power <= last; power += stride) {
      const double value = std::pow(10, power);
      ticks.push_back({place(value), short_number(value)});
    }
    return ticks;
  }
  double step = round_step((high_ - low_) / 6);
  if (whole_) step = std::max(1.0, step);
  double value = std::ceil(low_ / step - 1e-9) * step;
  for (int i = 0; i < 8 && value <= high_ + 1e-9 * step; ++i, value += step) {
    ticks.push_back({place(value), tick_text(value, step)});
  }
  return ticks;
}

double widest_tick(const std::string& text) { return kWidestDigit * static_cast<double>(text.size()); }

std::string short_number(double value) {
  if (std::isnan(value)) return "-";
  char text[64];
  const double size = std::abs(value);
  std::snprintf(text, sizeof text, size >= 1000 && size < 1e6 ? "%.0f" : "%.3g", value);
  return text;
}

}  // namespace infomtl::report
