#include "infomtl/ops/information/class_weights.h"

#include <cmath>
#include <string>

#include "infomtl/core/errors.h"

namespace infomtl::ops {

std::vector<double> balanced_weights(const std::vector<std::int64_t>& counts) {
  double items = 0, classes = 0;
  for (const std::int64_t count : counts) {
    items += static_cast<double>(count);
    classes += count > 0 ? 1 : 0;
  }
  std::vector<double> weights;
  for (const std::int64_t count : counts) {
    weights.push_back(count > 0 ? items / (classes * static_cast<double>(count)) : 1.0);
  }
  return weights;
}

std::vector<double> effective_number_weights(const std::vector<std::int64_t>& counts, double beta) {
  if (!(beta >= 0 && beta < 1)) {
    throw ConfigError("effective_number_weights: beta must lie in [0, 1), found " + std::to_string(beta));
  }
  std::vector<double> weights;
  double sum = 0, classes = 0;
  for (const std::int64_t count : counts) {
    // 1 - beta^n without cancellation where beta is near 1.
    const double one_minus_power = count > 0 ? -std::expm1(static_cast<double>(count) * std::log(beta)) : 0;
    weights.push_back(count > 0 ? (1 - beta) / one_minus_power : 0);
    sum += weights.back();
    classes += count > 0 ? 1 : 0;
  }
  for (std::size_t c = 0; c < weights.size(); ++c) weights[c] = counts[c] > 0 ? weights[c] * classes / sum : 1.0;
  return weights;
}

}  // namespace infomtl::ops
