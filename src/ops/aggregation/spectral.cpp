#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/balance.h"
#include "ops/aggregation/inputs.h"

namespace infomtl::ops {
namespace {

/// The spectrum without eigenvalues at or below tolerance * largest.
dense::Spectrum cut_spectrum(const dense::Matrix& matrix, double tolerance) {
  dense::Spectrum s = dense::spectrum(matrix);
  while (!s.values.empty() && !(s.values.back() > s.values.front() * tolerance)) {
    s.values.pop_back();
    s.vectors.pop_back();
  }
  return s;
}

/// f(C) b on the range of C.
template <class Function>
dense::Vector apply(const dense::Spectrum& s, const dense::Vector& b, Function function) {
  dense::Vector result(b.size(), 0.0);
  for (std::size_t k = 0; k < s.values.size(); ++k) {
    const double amount = function(s.values[k]) * dense::dot(s.vectors[k], b);
    for (std::size_t i = 0; i < b.size(); ++i) result[i] += amount * s.vectors[k][i];
  }
  return result;
}

double default_tolerance(std::size_t n) { return static_cast<double>(n) * std::numeric_limits<double>::epsilon(); }

/// C^+ b for a positive semidefinite C.
dense::Vector pseudo_solve(const dense::Matrix& matrix, const dense::Vector& right) {
  return apply(cut_spectrum(matrix, default_tolerance(right.size())), right, [](double value) { return 1.0 / value; });
}

constexpr double kFullRankPivot = 1e-10;  // of a unit diagonal
constexpr double kNoSum = 1e-12;

/// Correlation matrix of the rows (0 for zero rows) and 1 / ||g_t|| (0 for zero rows).
std::tuple<dense::Matrix, dense::Vector> unit_rows(const dense::Matrix& k) {
  dense::Vector scale(k.size(), 0.0);
  for (std::size_t i = 0; i < k.size(); ++i) scale[i] = k(i, i) > 0.0 ? 1.0 / std::sqrt(k(i, i)) : 0.0;
  return {dense::scaled(k, scale), scale};
}

/// C^-1 b where C is safely positive definite, else C^+ b.
dense::Vector unit_solve(const dense::Matrix& unit, const dense::Vector& right) {
  dense::Matrix factor = unit;
  if (dense::cholesky(factor, kFullRankPivot)) return dense::cholesky_solve(factor, right);
  return pseudo_solve(unit, right);
}

double absolute_sum(const dense::Vector& v) {
  double sum = 0.0;
  for (double value : v) sum += std::abs(value);
  return sum;
}

}  // namespace

Solution imtl_g(const torch::Tensor& gram) {
  const dense::Matrix k = read_gram(gram, "imtl_g");
  const std::size_t n = k.size();
  const double total = dense::trace(k);
  Solution solution;
  dense::Vector v(n, 0.0);
  const auto [unit, scale] = unit_rows(k);
  if (total > 0.0) {
    dense::Matrix factor = unit;
    if (dense::cholesky(factor, kFullRankPivot)) {
      v = dense::cholesky_solve(factor, dense::Vector(n, 1.0));
      for (std::size_t t = 0; t < n; ++t) v[t] *= scale[t];
    } else {
      dense::Matrix relative = k;
      dense::Vector norms(n);
      for (std::size_t i = 0; i < n; ++i) {
        norms[i] = std::sqrt(k(i, i) / total);
        for (std::size_t j = 0; j < n; ++j) relative(i, j) /= total;
      }
      v = pseudo_solve(relative, norms);
    }
  }
  double sum = 0.0;
  for (double value : v) sum += value;
  if (std::abs(sum) <= kNoSum * absolute_sum(v)) {
    solution.stationary = true;
    solution.weights = to_tensor(dense::Vector(n, 0.0));
    return solution;
  }
  for (double& value : v) value /= sum;
  const dense::Vector products = dense::multiply(k, v);
  double mean = 0.0;
  double rows = 0.0;
  double size = 0.0;
  for (std::size_t t = 0; t < n; ++t) {
    if (scale[t] == 0.0) continue;
    mean += products[t] * scale[t];
    size += std::abs(v[t]) / scale[t];
    rows += 1.0;
  }
  mean /= rows;
  for (std::size_t t = 0; t < n; ++t) {
    if (scale[t] > 0.0) solution.residual = std::max(solution.residual, std::abs(products[t] * scale[t] - mean) / size);
  }
  solution.weights = to_tensor(v);
  return solution;
}

Solution aligned_mtl(const torch::Tensor& gram, const AlignedOptions& options) {
  dense::Matrix k = read_gram(gram, "aligned_mtl");
  const std::size_t n = k.size();
  dense::Vector preference(n, 1.0 / static_cast<double>(n));
  if (options.preference.defined()) preference = read_vector(options.preference, n, "aligned_mtl", "the preference");
  const double total = dense::trace(k);
  Solution solution;
  solution.weights = to_tensor(preference);
  if (!(total > 0.0)) return solution;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) k(i, j) /= total;
  }
  const dense::Spectrum s =
      cut_spectrum(k, options.rank_tolerance > 0.0 ? options.rank_tolerance : default_tolerance(n));
  const std::size_t rank = s.values.size();
  double level = s.values.back();
  if (options.scale == AlignedScale::kMedian) level = s.values[rank / 2];
  if (options.scale == AlignedScale::kMean) {
    level = std::accumulate(s.values.begin(), s.values.end(), 0.0) / static_cast<double>(rank);
  }
  const auto balance = [&](const dense::Vector& x) {
    return apply(s, x, [&](double value) { return std::sqrt(level / value); });
  };
  for (const dense::Vector& vector : s.vectors) {
    const dense::Vector aligned = balance(dense::multiply(k, balance(vector)));
    for (std::size_t i = 0; i < n; ++i)
      solution.residual = std::max(solution.residual, std::abs(aligned[i] / level - vector[i]));
  }
  // A preference outside the span of the gradients has nothing to align: what is left of it is rounding.
  dense::Vector weights = balance(preference);
  double rounding = 0.0, largest = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    rounding += std::abs(preference[i]) * static_cast<double>(n) * std::numeric_limits<double>::epsilon();
    largest = std::max(largest, std::abs(weights[i]));
  }
  if (largest <= rounding) weights.assign(n, 0.0);
  solution.weights = to_tensor(weights);
  return solution;
}

Solution conflict_free(const torch::Tensor& gram, const torch::Tensor& preference) {
  const dense::Matrix k = read_gram(gram, "conflict_free");
  const std::size_t n = k.size();
  dense::Vector p(n, 1.0);
  if (preference.defined()) p = read_vector(preference, n, "conflict_free", "the preference");
  const auto [unit, scale] = unit_rows(k);
  Solution solution;
  dense::Vector y(n, 0.0);
  if (dense::trace(k) > 0.0) y = unit_solve(unit, p);
  const double norm = std::sqrt(dense::energy(unit, y));
  if (!(norm > kNoSum * absolute_sum(y))) {
    solution.stationary = true;
    solution.weights = to_tensor(dense::Vector(n, 0.0));
    return solution;
  }
  const dense::Vector cosines = dense::multiply(unit, y);
  double length = 0.0;
  for (std::size_t t = 0; t < n; ++t) {
    if (scale[t] == 0.0) continue;
    length += cosines[t] / (scale[t] * norm);
    solution.residual = std::max(solution.residual, std::abs(cosines[t] - p[t]));
  }
  for (std::size_t t = 0; t < n; ++t) y[t] *= scale[t] * length / norm;
  solution.weights = to_tensor(y);
  return solution;
}

}  // namespace infomtl::ops
