#include <algorithm>
#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/conflict.h"
#include "ops/aggregation/inputs.h"
#include "ops/aggregation/min_norm.h"
#include "ops/aggregation/quadratic_program.h"

namespace infomtl::ops {
namespace {

struct Cone {
  dense::Matrix form;        // K / trace K + ridge I
  dense::Vector preference;  // [T]
  bool empty = false;        // K counts as 0: nothing to project
};

Cone read_cone(const torch::Tensor& gram, const DualConeOptions& options, const char* method) {
  Cone cone{read_gram(gram, method), {}, false};
  const std::size_t n = cone.form.size();
  cone.preference.assign(n, 1.0 / static_cast<double>(n));
  if (options.preference.defined()) cone.preference = read_vector(options.preference, n, method, "the preference");
  const double total = dense::trace(cone.form);
  cone.empty = !(total > 0.0) || total < options.norm_epsilon;
  if (cone.empty) return cone;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) cone.form(i, j) /= total;
    cone.form(i, i) += options.ridge;
  }
  return cone;
}

/// argmin v^T K v s.t. v >= u, as x = v - u >= 0; adds v to `weights`.
void add_projection(const Cone& cone, const dense::Vector& u, dense::Vector* weights, Solution* solution) {
  dense::Vector linear = dense::multiply(cone.form, u);
  for (double& value : linear) value = -value;
  const dense::NonnegativeMinimum minimum = dense::minimize_nonnegative(cone.form, linear);
  dense::Vector v = u;
  for (std::size_t i = 0; i < v.size(); ++i) v[i] += minimum.x[i];
  const dense::Vector slopes = dense::multiply(cone.form, v);
  for (std::size_t i = 0; i < v.size(); ++i) {
    solution->residual = std::max(solution->residual, std::abs(std::min(minimum.x[i], slopes[i])));
    (*weights)[i] += v[i];
  }
  solution->iterations += static_cast<std::int64_t>(minimum.iterations);
}

constexpr double kNoMean = 1e-15;  // ||g_0||^2 / trace K below it: the mean gradient is rounding
constexpr int kNewtonSteps = 100;

/// The nearest point to g_0 with G d >= z; its distance.
struct Approach {
  dense::Vector x;  // d = g_0 + G^T x
  double distance = 0.0;
  bool reachable = true;
};

Approach approach(const dense::Matrix& k, const dense::Vector& mean_products, double z) {
  dense::Vector linear(k.size());
  for (std::size_t i = 0; i < k.size(); ++i) linear[i] = z - mean_products[i];
  dense::NonnegativeMinimum minimum = dense::minimize_nonnegative(k, linear);
  Approach result{std::move(minimum.x), 0.0, minimum.bounded};
  result.distance = std::sqrt(dense::energy(k, result.x));
  return result;
}

}  // namespace

Solution upgrad(const torch::Tensor& gram, const DualConeOptions& options) {
  const Cone cone = read_cone(gram, options, "upgrad");
  Solution solution;
  if (cone.empty) {
    solution.weights = to_tensor(cone.preference);
    return solution;
  }
  dense::Vector weights(cone.preference.size(), 0.0);
  for (std::size_t t = 0; t < weights.size(); ++t) {
    dense::Vector u(weights.size(), 0.0);
    u[t] = cone.preference[t];
    add_projection(cone, u, &weights, &solution);
  }
  solution.weights = to_tensor(weights);
  return solution;
}

Solution dualproj(const torch::Tensor& gram, const DualConeOptions& options) {
  const Cone cone = read_cone(gram, options, "dualproj");
  Solution solution;
  if (cone.empty) {
    solution.weights = to_tensor(cone.preference);
    return solution;
  }
  dense::Vector weights(cone.preference.size(), 0.0);
  add_projection(cone, cone.preference, &weights, &solution);
  solution.weights = to_tensor(weights);
  return solution;
}

Solution cagrad(const torch::Tensor& gram, double c, Rescale rescale) {
  dense::Matrix k = read_gram(gram, "cagrad");
  if (!(c >= 0.0) || !std::isfinite(c)) throw NonFiniteError("cagrad: the radius c must be finite and not negative");
  const std::size_t n = k.size();
  const dense::Vector uniform(n, 1.0 / static_cast<double>(n));
  Solution solution;
  dense::Vector weights = uniform;
  const double total = dense::trace(k);
  if (total > 0.0) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) k(i, j) /= total;
    }
  }
  const dense::Vector mean_products = dense::multiply(k, uniform);
  const double mean_square = dense::energy(k, uniform);
  const double radius = c * std::sqrt(mean_square);
  if (mean_square <= kNoMean) {
    solution.stationary = true;
  } else if (radius > 0.0) {
    // Value of the dual at a point of the simplex: an upper bound of the optimum z.
    const auto dual = [&](const dense::Vector& w) {
      return dense::dot(w, mean_products) + radius * std::sqrt(dense::energy(k, w));
    };
    double z = dual(uniform);
    for (std::size_t i = 0; i < n; ++i) z = std::min(z, mean_products[i] + radius * std::sqrt(k(i, i)));
    Approach found = approach(k, mean_products, z);
    if (!found.reachable) {
      // No direction improves every task by z > 0, so 0 lies in the hull and z = 0 is the best there can be.
      z = 0.0;
      found = approach(k, mean_products, z);
    }
    solution.stationary = z == 0.0 && found.distance <= radius;
    double best_gap = solution.stationary ? 0.0 : HUGE_VAL;
    if (solution.stationary) {
      for (std::size_t i = 0; i < n; ++i) weights[i] += found.x[i];
      const dense::Vector slopes = dense::multiply(k, weights);
      best_gap = std::max(0.0, -*std::min_element(slopes.begin(), slopes.end()));
    }
    for (int step = 0; !solution.stationary && step < kNewtonSteps; ++step) {
      ++solution.iterations;
      const double mass = dense::dot(found.x, dense::Vector(n, 1.0));
      if (!(mass > 0.0)) break;
      dense::Vector w = found.x;
      dense::Vector candidate = uniform;
      const double stretch = radius / found.distance;
      for (std::size_t i = 0; i < n; ++i) {
        w[i] /= mass;
        candidate[i] += stretch * found.x[i];
      }
      const dense::Vector slopes = dense::multiply(k, candidate);
      const double gap = dual(w) - *std::min_element(slopes.begin(), slopes.end());
      const bool better = gap < best_gap;
      if (better) {
        best_gap = gap;
        weights = candidate;
      }
      const double change = (radius - found.distance) * found.distance / mass;
      if ((!better && step > 3) || std::abs(change) <= 1e-18) break;
      z += change;
      found = approach(k, mean_products, z);
      if (!found.reachable) break;
    }
    solution.residual = std::max(0.0, best_gap);
  }
  const double divisor = rescale == Rescale::kSquare ? 1.0 + c * c : rescale == Rescale::kLinear ? 1.0 + c : 1.0;
  for (double& weight : weights) weight /= divisor;
  solution.weights = to_tensor(weights);
  return solution;
}

}  // namespace infomtl::ops
