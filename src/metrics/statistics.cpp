#include "infomtl/metrics/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "infomtl/core/errors.h"
#include "metrics/value_metrics.h"

namespace infomtl {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void check_finite(const std::vector<double>& values) {
  if (values.empty()) throw DataError("no values to average");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      throw NonFiniteError("value " + std::to_string(i) + " is " + std::to_string(values[i]));
  }
}

// Continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's method; converges fast
// for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMostTerms = 10000;
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  return fraction;
}

// log(Gamma(a + 1/2) / Gamma(a)); for large a by its asymptotic series, where the difference of lgammas loses digits.
double log_gamma_half_step(double a) {
  if (a < 20) return std::lgamma(a + 0.5) - std::lgamma(a);
  const double square = a * a;
  return 0.5 * std::log(a) - (1.0 / 8 - (1.0 / 192 - (1.0 / 640 - 17.0 / 14336 / square) / square) / square) / a;
}

// P(T > |t|) = I_x(degrees/2, 1/2) / 2 with x = degrees / (degrees + t^2), precise far out in the tail.
double upper_tail(double t, double degrees) {
  if (t == 0) return 0.5;
  if (std::isinf(t * t)) return 0;
  const double a = degrees / 2;
  const double sum = degrees + t * t;
  const double x = degrees / sum, y = t * t / sum;
  const double log_x = y < 0.5 ? std::log1p(-y) : std::log(x);
  const double log_y = x < 0.5 ? std::log1p(-x) : std::log(y);
  const double front = std::exp(a * log_x + 0.5 * log_y + log_gamma_half_step(a) - 0.5 * std::log(std::numbers::pi));
  if (x < (a + 1) / (a + 2.5)) return 0.5 * front * beta_fraction(a, 0.5, x) / a;
  return 0.5 * (1 - front * beta_fraction(0.5, a, y) / 0.5);
}

}  // namespace

double mean_of(const std::vector<double>& values) {
  check_finite(values);
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double standard_deviation(const std::vector<double>& values) {
  const double mean = mean_of(values);
  if (values.size() == 1) return kNan;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

Spread spread_of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {kNan, kNan, kNan};
  Spread spread{mean_of(values), standard_deviation(values), kNan};
  if (values.size() == 1) return spread;
  const auto count = static_cast<double>(values.size());
  spread.half_width_95 = student_t_quantile(0.975, count - 1) * spread.deviation / std::sqrt(count);
  return spread;
}

PairedDifference paired_difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size() || a.size() < 2) {
    throw DataError("a paired comparison needs the same seeds on both sides, two or more; found " +
                    std::to_string(a.size()) + " and " + std::to_string(b.size()));
  }
  std::vector<double> differences;
  bool all_equal = true;
  for (std::size_t i = 0; i < a.size(); ++i) {
    differences.push_back(a[i] - b[i]);
    all_equal = all_equal && differences[i] == differences[0];
  }
  PairedDifference result;
  result.mean = mean_of(differences);
  if (all_equal) {
    if (result.mean == 0) return result;
    result.t = std::copysign(std::numeric_limits<double>::infinity(), result.mean);
    result.p_value = 0;
    return result;
  }
  const double degrees = static_cast<double>(a.size() - 1);
  result.standard_deviation = standard_deviation(differences);
  const double error = result.standard_deviation / std::sqrt(static_cast<double>(a.size()));
  result.t = result.mean / error;
  result.p_value = 2 * upper_tail(result.t, degrees);
  result.half_width_95 = error * student_t_quantile(0.975, degrees);
  return result;
}

std::vector<double> holm_adjusted(const std::vector<double>& p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (std::isnan(p[i])) continue;
    if (!(p[i] >= 0 && p[i] <= 1)) {
      throw DataError("p-value " + std::to_string(i) + " is " + std::to_string(p[i]) + "; must be between 0 and 1");
    }
    order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size(), kNan);
  double largest = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    largest = std::max(largest, std::min(1.0, p[order[k]] * static_cast<double>(order.size() - k)));
    adjusted[order[k]] = largest;
  }
  return adjusted;
}

RankCorrelation rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) {
    throw DataError("a rank correlation needs values in pairs; found " + std::to_string(a.size()) + " and " +
                    std::to_string(b.size()));
  }
  RankCorrelation found{.rho = kNan, .low_95 = kNan, .high_95 = kNan, .pairs = a.size()};
  if (a.empty()) return found;
  check_finite(a);
  check_finite(b);
  const auto varies = [](const std::vector<double>& values) {
    return std::any_of(values.begin(), values.end(), [&](double value) { return value != values.front(); });
  };
  if (!varies(a) || !varies(b)) return found;
  found.rho = correlation(ranks(a), ranks(b));
  if (a.size() < 4) return found;
  constexpr double kNormal975 = 1.959963984540054;  // the standard normal distribution's
  const double z = std::atanh(found.rho);
  const double error = std::sqrt((1 + found.rho * found.rho / 2) / (static_cast<double>(a.size()) - 3));
  found.low_95 = std::tanh(z - kNormal975 * error);
  found.high_95 = std::tanh(z + kNormal975 * error);
  return found;
}

double student_t_cdf(double t, double degrees) {
  if (!(degrees > 0)) throw StateError("Student's t needs degrees of freedom > 0");
  const double tail = upper_tail(t, degrees);
  return t > 0 ? 1 - tail : tail;
}

double student_t_quantile(double probability, double degrees) {
  if (!(probability > 0 && probability < 1)) throw StateError("a quantile needs 0 < probability < 1");
  if (!(degrees > 0)) throw StateError("Student's t needs degrees of freedom > 0");
  const double tail = probability > 0.5 ? 1 - probability : probability;
  if (probability == 0.5) return 0;
  double low = 0, high = 1;
  while (upper_tail(high, degrees) > tail && std::isfinite(high)) high *= 2;
  while (true) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return probability > 0.5 ? middle : -middle;
    (upper_tail(middle, degrees) > tail ? low : high) = middle;
  }
}

double relative_gain_percent(const std::vector<std::vector<ScorePair>>& tasks) {
  std::vector<double> gains;
  for (const auto& metrics : tasks) {
    std::vector<double> of_task;
    for (const ScorePair& pair : metrics) {
      if (pair.baseline == 0) throw DataError("a relative gain over a baseline of 0 is not defined");
      const double gain = (pair.score - pair.baseline) / std::abs(pair.baseline);
      of_task.push_back(pair.higher_is_better ? gain : -gain);
    }
    gains.push_back(mean_of(of_task));
  }
  return 100 * mean_of(gains);
}

}  // namespace infomtl
