#include "infomtl/metrics/power.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "infomtl/core/errors.h"
#include "infomtl/metrics/statistics.h"

namespace infomtl {
namespace {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// The mean of `value(s)` over s = sqrt(chi^2 / degrees), by the trapezoidal rule in u = log s: the integrand is analytic
// and falls off doubly exponentially or as exp(degrees u), so the rule's error is below the rounding. Dividing by the
// sum of the weights spares the density's constant. The step is a third of the narrower of the density's width and of
// `width`, that of the value's steepest place in u.
template <class Value>
double mean_over_chi(double degrees, double width, Value&& value) {
  constexpr double kNegligible = 45;  // exp(-45) = 3e-20
  const double step = std::min({0.05, 0.2 / std::sqrt(degrees), 0.3 * width});
  double sum = 0, weights = 0;
  for (double u = -kNegligible / degrees - 0.5; u < 2.5; u += step) {
    const double s = std::exp(u);
    const double weight = std::exp(degrees * (u + 0.5 - 0.5 * s * s));
    weights += weight;
    sum += weight * value(s);
  }
  return sum / weights;
}

}  // namespace

double paired_t_power(double effect, std::size_t pairs, double alpha) {
  if (pairs < 2) throw StateError("a paired t-test needs two pairs or more");
  if (!(alpha > 0 && alpha < 1)) throw StateError("a level needs 0 < alpha < 1");
  const auto count = static_cast<double>(pairs);
  const double critical = student_t_quantile(1 - alpha / 2, count - 1);
  const double shift = effect * std::sqrt(count);
  // The normal integral rises where critical * s = shift, over 1 / shift in log s.
  return mean_over_chi(count - 1, 1 / std::max(1.0, std::abs(shift)),
                       [&](double s) { return normal_cdf(shift - critical * s) + normal_cdf(-shift - critical * s); });
}

double detectable_effect(std::size_t pairs, double power, double alpha) {
  if (!(power > alpha && power < 1)) throw StateError("power must lie between alpha and 1");
  double low = 0, high = 1;
  while (paired_t_power(high, pairs, alpha) < power && std::isfinite(high)) high *= 2;
  while (true) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    (paired_t_power(middle, pairs, alpha) < power ? low : high) = middle;
  }
}

}  // namespace infomtl
