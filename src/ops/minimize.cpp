#include "infomtl/ops/minimize.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>
#include <limits>
#include <vector>

#include "infomtl/core/errors.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

struct Change {
  Tensor step, gradient;
  double product = 0;  ///< step . gradient, above 0
  double scale = 1;    ///< that makes the first inverse fit this change: product / (gradient . H^-1 gradient)
};

/// The direction -H g of the two-loop recursion.
Tensor descent_direction(const std::deque<Change>& changes, const Tensor& gradient, const MinimizeOptions& options) {
  Tensor q = gradient;
  std::vector<double> shares(changes.size());
  for (std::size_t i = changes.size(); i-- > 0;) {
    shares[i] = changes[i].step.dot(q).item<double>() / changes[i].product;
    q = q - shares[i] * changes[i].gradient;
  }
  if (options.inverse) q = options.inverse(q);
  if (!changes.empty()) q = q * changes.back().scale;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const double back = changes[i].gradient.dot(q).item<double>() / changes[i].product;
    q = q + (shares[i] - back) * changes[i].step;
  }
  return -q;
}

}  // namespace

Minimum minimize(const std::function<std::pair<double, Tensor>(const Tensor&)>& function, const Tensor& start,
                 const MinimizeOptions& options) {
  const at::NoGradGuard no_grad;
  constexpr double kDecrease = 1e-4, kSlope = 0.9, kRounding = 1e-14;
  constexpr int kTries = 60;
  auto [value, gradient] = function(start);
  Minimum found{.point = start, .value = value, .gradient = gradient.norm().item<double>()};
  if (!std::isfinite(found.value) || !std::isfinite(found.gradient)) {
    throw NonFiniteError("minimize: the start has no finite value and gradient");
  }
  std::deque<Change> changes;
  while (found.gradient > options.tolerance && found.iterations < options.iterations) {
    Tensor direction = descent_direction(changes, gradient, options);
    double slope = direction.dot(gradient).item<double>();
    if (!(slope < 0)) {
      if (changes.empty()) break;
      changes.clear();  // rounding, or a bend: begin anew with the gradient
      continue;
    }
    double low = 0, high = std::numeric_limits<double>::infinity();
    double step = changes.empty() && !options.inverse ? 1 / std::max(1.0, found.gradient) : 1;
    bool taken = false;
    for (int attempt = 0; attempt < kTries && !taken; ++attempt) {
      const Tensor point = found.point + step * direction;
      auto [there, slopes] = function(point);
      const double allowed = found.value + kDecrease * step * slope + kRounding * std::abs(found.value);
      const double slope_there = slopes.dot(direction).item<double>();
      if (!std::isfinite(there) || !(there <= allowed) || !std::isfinite(slope_there)) {
        high = step;
      } else if (slope_there < kSlope * slope) {
        low = step;
      } else {
        const Tensor moved = point - found.point, bent = slopes - gradient;
        const double product = moved.dot(bent).item<double>();
        if (product > 1e-16 * bent.square().sum().item<double>()) {
          const Tensor through = options.inverse ? options.inverse(bent) : bent;
          changes.push_back({moved, bent, product, product / bent.dot(through).item<double>()});
          if (std::ssize(changes) > options.history) changes.pop_front();
        }
        found.point = point;
        found.value = there;
        gradient = slopes;
        taken = true;
      }
      step = std::isinf(high) ? 2 * step : (low + high) / 2;
    }
    if (!taken) {
      if (changes.empty()) break;  // not even along the gradient: as far as rounding lets it go
      changes.clear();
      continue;
    }
    found.gradient = gradient.norm().item<double>();
    ++found.iterations;
    if (options.progress && !options.progress(found.iterations, found.value, found.gradient)) break;
  }
  found.reached = found.gradient <= options.tolerance;
  return found;
}

}  // namespace infomtl::ops
