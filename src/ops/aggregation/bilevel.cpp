#include "infomtl/ops/aggregation/bilevel.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "infomtl/core/errors.h"
#include "ops/aggregation/inputs.h"
#include "ops/aggregation/min_norm.h"
#include "ops/aggregation/quadratic_program.h"

namespace infomtl::ops {
namespace {

constexpr double kStep = 0.01;  // of Auto-Lambda, over the norm, as released
constexpr int kRootSteps = 200;

/// min 1/2 x^T H x - f^T x, x >= 0, first T entries of sum 1, the last one (f's only nonzero entry) free above 0.
///
/// The equality is an exact penalty plus a multiplier; the sum grows with the multiplier, piecewise linearly, and the
/// multiplier that makes it 1 is found by the secant rule in a bracket.
class SimplexWithTail {
 public:
  SimplexWithTail(const dense::Matrix& form, double pull) : form_(form), pull_(pull) {}

  dense::Vector solve(std::int64_t* iterations) {
    double low = 0.0, high = 0.0;
    double low_sum = sum_at(0.0), high_sum = low_sum;
    for (double reach = 1.0; high_sum < 1.0 && reach < 1e12; reach *= 4.0) high_sum = sum_at(high = reach);
    for (double reach = 1.0; low_sum > 1.0 && reach < 1e12; reach *= 4.0) low_sum = sum_at(low = -reach);
    double sum = high_sum;
    for (int step = 0; step < kRootSteps && std::abs(sum - 1.0) > 1e-15 && high > low; ++step, ++*iterations) {
      const bool halve = step % 3 == 2;
      double middle = halve || !(high_sum > low_sum) ? 0.5 * (low + high)
                                                     : low + (1.0 - low_sum) / (high_sum - low_sum) * (high - low);
      middle = std::clamp(middle, low, high);
      sum = sum_at(middle);
      if (middle == low || middle == high) break;
      (sum < 1.0 ? low : high) = middle;
      (sum < 1.0 ? low_sum : high_sum) = sum;
    }
    for (std::size_t t = 0; t + 1 < x_.size(); ++t) x_[t] /= sum;
    return x_;
  }

 private:
  double sum_at(double multiplier) {
    const std::size_t n = form_.size();
    dense::Matrix penalised = form_;
    dense::Vector linear(n, 1.0 + multiplier);
    linear[n - 1] = pull_;
    for (std::size_t i = 0; i + 1 < n; ++i) {
      for (std::size_t j = 0; j + 1 < n; ++j) penalised(i, j) += 1.0;
    }
    x_ = dense::minimize_nonnegative(penalised, linear).x;
    double sum = 0.0;
    for (std::size_t t = 0; t + 1 < n; ++t) sum += x_[t];
    return sum;
  }

  const dense::Matrix& form_;
  double pull_;
  dense::Vector x_;
};

}  // namespace

double auto_lambda_step(double upper_norm) {
  if (!std::isfinite(upper_norm)) throw NonFiniteError("auto_lambda: the norm of the upper gradient is not finite");
  return upper_norm > 0.0 ? kStep / upper_norm : 0.0;
}

torch::Tensor auto_lambda_gradient(const torch::Tensor& above, const torch::Tensor& below, double learning_rate,
                                   double step) {
  dense::Vector gradient = read_vector(above, 0, "auto_lambda", "the losses above");
  const dense::Vector other = read_vector(below, gradient.size(), "auto_lambda", "the losses below");
  for (std::size_t t = 0; t < gradient.size(); ++t) {
    gradient[t] = step > 0.0 ? -learning_rate * (gradient[t] - other[t]) / (2.0 * step) : 0.0;
  }
  return to_tensor(gradient);
}

Moml moml(const torch::Tensor& cross, const torch::Tensor& logits, double learning_rate, Normalizer normalizer,
          const torch::Tensor& losses) {
  const dense::Matrix products = read_square(cross, "moml", "the cross Gram matrix");
  const std::size_t n = products.size();
  const dense::Vector z = softmax(read_vector(logits, n, "moml", "the logits"));
  torch::Tensor rows = torch::empty({static_cast<std::int64_t>(n), static_cast<std::int64_t>(n)}, torch::kFloat64);
  for (std::size_t t = 0; t < n; ++t) {
    dense::Vector row(n);
    for (std::size_t s = 0; s < n; ++s) row[s] = -learning_rate * products(t, s);
    rows[static_cast<std::int64_t>(t)].copy_(to_tensor(softmax_pullback(z, row)));
  }
  const torch::Tensor k = gram(rows);
  Moml result;
  result.upper = min_norm(k, normalizers(normalizer, k, losses));
  result.gradient = combine(rows, result.upper.weights);
  return result;
}

Forum forum(const torch::Tensor& gram, const torch::Tensor& previous, double rate, double phi) {
  const dense::Matrix raw = read_gram(gram, "forum");
  if (raw.size() < 2) throw ShapeError("forum: the Gram matrix holds no upper gradient beside the constraint's");
  const std::size_t tasks = raw.size() - 1;
  dense::Vector scale(raw.size(), 0.0);
  for (std::size_t i = 0; i < raw.size(); ++i) scale[i] = raw(i, i) > 0.0 ? 1.0 / std::sqrt(raw(i, i)) : 0.0;
  const dense::Matrix unit = dense::scaled(raw, scale);
  const double length = std::sqrt(raw(tasks, tasks));
  const double pull = phi * length;  // nu is carried as nu ||q||
  Forum result;
  dense::Vector x(raw.size(), 0.0);
  if (length > 0.0) {
    x = SimplexWithTail(unit, pull).solve(&result.program.iterations);
  } else {
    dense::Matrix upper(tasks);
    for (std::size_t i = 0; i < tasks; ++i) {
      for (std::size_t j = 0; j < tasks; ++j) upper(i, j) = unit(i, j);
    }
    const dense::HullPoint point = dense::nearest_hull_point(upper);
    std::copy(point.w.begin(), point.w.end(), x.begin());
  }
  const dense::Vector slopes = dense::multiply(unit, x);
  double mean = 0.0;
  double lowest = std::numeric_limits<double>::infinity();
  for (std::size_t t = 0; t < tasks; ++t) {
    mean += x[t] * slopes[t];
    lowest = std::min(lowest, slopes[t]);
  }
  const double tail = length > 0.0 ? std::abs(std::min(x[tasks], slopes[tasks] - pull)) : 0.0;
  result.program.residual = std::max(std::max(0.0, mean - lowest), tail) / std::max(1.0, pull);
  dense::Vector program = x;
  program[tasks] *= scale[tasks];
  result.program.weights = to_tensor(program);

  dense::Vector lambda(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(tasks));
  if (previous.defined()) {
    const dense::Vector before = read_vector(previous, tasks, "forum", "the previous weights");
    for (std::size_t t = 0; t < tasks; ++t) lambda[t] = before[t] + rate * (lambda[t] - before[t]);
  }
  double nu = pull;
  dense::Vector rows(raw.size());
  for (std::size_t t = 0; t < tasks; ++t) {
    nu -= lambda[t] * unit(t, tasks);
    rows[t] = lambda[t] * scale[t];
  }
  rows[tasks] = std::max(0.0, nu) * scale[tasks];
  result.lambda = to_tensor(lambda);
  result.row_weights = to_tensor(rows);
  return result;
}

}  // namespace infomtl::ops
