#include "report/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "report/curve.h"

namespace infomtl::report {

std::string sparkline(const std::vector<double>& numbers) {
  static constexpr std::array<const char*, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double low = 0, high = 0;
  bool any = false;
  for (const double number : numbers) {
    if (!is_drawable(number)) continue;
    low = any ? std::min(low, number) : number;
    high = any ? std::max(high, number) : number;
    any = true;
  }
  std::string out;
  for (const double number : numbers) {
    if (!is_drawable(number)) {
      out += ' ';
    } else if (high > low) {
      out += kBlocks[static_cast<std::size_t>(std::lround(7 * ((number - low) / (high - low))))];
    } else {
      out += kBlocks[3];
    }
  }
  return out;
}

}  // namespace infomtl::report
