#include "ops/aggregation/min_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/min_norm.h"
#include "ops/aggregation/inputs.h"
#include "ops/aggregation/quadratic_program.h"

namespace infomtl::ops {
namespace dense {
namespace {

// ||d||^2 below this share of the mean squared row norm is what rounding leaves of 0.
constexpr double kStationary = 1e-14;

Vector hull_weights(const Matrix& gram, std::size_t* iterations) {
  const std::size_t n = gram.size();
  Vector w(n, 0.0);
  double zero_rows = 0.0;
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < n; ++i) {
    if (gram(i, i) > 0.0) {
      smallest = std::min(smallest, gram(i, i));
    } else {
      zero_rows += 1.0;
    }
  }
  if (zero_rows > 0.0) {
    for (std::size_t i = 0; i < n; ++i) w[i] = gram(i, i) > 0.0 ? 0.0 : 1.0 / zero_rows;
    return w;
  }
  // Rows scaled to length 1 get a last coordinate sqrt(smallest K_ii) / ||g_i||: the appended 1 in the same scale.
  const Vector scale = unit_diagonal_scale(gram);
  Matrix form = scaled(gram, scale);
  Vector last(n);
  for (std::size_t i = 0; i < n; ++i) last[i] = std::sqrt(smallest) * scale[i];
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) form(i, j) += last[i] * last[j];
  }
  const NonnegativeMinimum minimum = minimize_nonnegative(form, last);
  *iterations = minimum.iterations;
  double sum = 0.0;
  for (std::size_t i = 0; i < n; ++i) sum += w[i] = minimum.x[i] * last[i];
  for (double& value : w) value /= sum;
  return w;
}

}  // namespace

HullPoint nearest_hull_point(const Matrix& gram) {
  HullPoint point;
  point.w = hull_weights(gram, &point.iterations);
  point.squared_norm = energy(gram, point.w);
  const double total = trace(gram);
  const Vector slopes = multiply(gram, point.w);
  if (total > 0.0) {
    point.gap = std::max(0.0, point.squared_norm - *std::min_element(slopes.begin(), slopes.end())) / total;
  }
  double mean_square = 0.0;
  for (std::size_t i = 0; i < gram.size(); ++i) mean_square += point.w[i] * gram(i, i);
  point.stationary = point.squared_norm <= kStationary * mean_square;
  return point;
}

}  // namespace dense

torch::Tensor normalizers(Normalizer kind, const torch::Tensor& gram, const torch::Tensor& losses) {
  const dense::Matrix k = read_gram(gram, "min_norm");
  dense::Vector divisors(k.size(), 1.0);
  if (kind == Normalizer::kL2 || kind == Normalizer::kLossL2) {
    for (std::size_t t = 0; t < k.size(); ++t) divisors[t] *= std::sqrt(k(t, t));
  }
  if (kind == Normalizer::kLoss || kind == Normalizer::kLossL2) {
    const dense::Vector values = read_vector(losses, k.size(), "min_norm", "the losses");
    for (std::size_t t = 0; t < k.size(); ++t) {
      if (values[t] < 0.0)
        throw NonFiniteError("min_norm: the loss of task " + std::to_string(t) + " is negative, no divisor");
      divisors[t] *= values[t];
    }
  }
  for (double& divisor : divisors) divisor = divisor > 0.0 ? divisor : 1.0;
  return to_tensor(divisors);
}

MinNorm min_norm(const torch::Tensor& gram, const torch::Tensor& divisors) {
  dense::Matrix k = read_gram(gram, "min_norm");
  dense::Vector inverse(k.size(), 1.0);
  if (divisors.defined()) {
    inverse = read_vector(divisors, k.size(), "min_norm", "the divisors");
    for (std::size_t t = 0; t < k.size(); ++t) {
      if (!(inverse[t] > 0.0))
        throw NonFiniteError("min_norm: the divisor of task " + std::to_string(t) + " is not positive");
      inverse[t] = 1.0 / inverse[t];
    }
    k = dense::scaled(k, inverse);
  }
  const dense::HullPoint point = dense::nearest_hull_point(k);
  MinNorm result;
  result.simplex = to_tensor(point.w);
  result.weights = result.simplex * to_tensor(inverse);
  result.squared_norm = point.squared_norm;
  result.residual = point.gap;
  result.stationary = point.stationary;
  result.iterations = static_cast<std::int64_t>(point.iterations);
  return result;
}

}  // namespace infomtl::ops
