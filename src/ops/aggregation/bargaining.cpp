#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/balance.h"
#include "ops/aggregation/inputs.h"
#include "ops/aggregation/min_norm.h"

namespace infomtl::ops {
namespace {

constexpr double kRidge = 1e-8;     // of the unit diagonal; removed again by the last Newton steps
constexpr double kUnsolved = 1e-6;  // a residual above it: there is no solution
constexpr double kRounding = 16 * std::numeric_limits<double>::epsilon();
constexpr int kNewtonSteps = 200;
constexpr int kHalvings = 60;

/// S y = b * y^(-power), y > 0, where S has the diagonal b: the bargaining equation with every scale taken out.
class Bargain {
 public:
  Bargain(const dense::Matrix& form, const dense::Vector& shares, double power)
      : form_(form), shares_(shares), power_(power), y_(shares.size(), 1.0) {
    double sum = 0.0;
    double entries = 0.0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      sum += shares[i];
      for (std::size_t j = 0; j < shares.size(); ++j) entries += form(i, j);
    }
    // The best point on the ray of equal entries.
    if (entries > 1e-6 * sum) y_.assign(y_.size(), std::pow(sum / entries, 1.0 / (1.0 + power)));
  }

  const dense::Vector& solve() {
    for (int step = 0; step < kNewtonSteps && newton(kRidge, /*to_residual=*/false); ++step) ++steps_;
    for (int step = 0; step < kNewtonSteps && newton(0.0, /*to_residual=*/true); ++step) ++steps_;
    return y_;
  }

  double residual(const dense::Vector& y) const {
    const dense::Vector product = dense::multiply(form_, y);
    double worst = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      worst = std::max(worst, std::abs(std::pow(y[i], power_) * product[i] / shares_[i] - 1.0));
    }
    return worst;
  }

  /// How far from 0 rounding alone may bring the residual: rows that nearly cancel leave few digits.
  double rounding(const dense::Vector& y) const {
    double worst = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      double summed = 0.0;
      for (std::size_t j = 0; j < y.size(); ++j) summed += std::abs(form_(i, j)) * y[j];
      worst = std::max(worst, kRounding * std::pow(y[i], power_) * summed / shares_[i]);
    }
    return worst;
  }

  std::int64_t steps() const { return steps_; }

 private:
  double objective(const dense::Vector& y, double ridge) const {
    double value = 0.5 * dense::dot(y, dense::multiply(form_, y));
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double psi = power_ == 1.0 ? std::log(y[i]) : std::pow(y[i], 1.0 - power_) / (1.0 - power_);
      value += shares_[i] * (0.5 * ridge * y[i] * y[i] - psi);
    }
    return value;
  }

  /// One damped step; false when nothing is left to gain.
  bool newton(double ridge, bool to_residual) {
    const std::size_t n = y_.size();
    dense::Vector root(n);
    for (std::size_t i = 0; i < n; ++i) root[i] = 1.0 / std::sqrt(shares_[i]);
    dense::Matrix hessian = dense::scaled(form_, root);  // unit diagonal
    dense::Vector gradient = dense::multiply(form_, y_);
    for (std::size_t i = 0; i < n; ++i) {
      const double marginal = std::pow(y_[i], -power_);
      gradient[i] += shares_[i] * (ridge * y_[i] - marginal);
      hessian(i, i) += ridge + power_ * marginal / y_[i];
    }
    if (!dense::cholesky(hessian)) return false;
    dense::Vector move = gradient;
    for (std::size_t i = 0; i < n; ++i) move[i] *= -root[i];
    move = dense::cholesky_solve(hessian, move);
    for (std::size_t i = 0; i < n; ++i) move[i] *= root[i];
    const double slope = dense::dot(gradient, move);
    if (!(slope < 0.0)) return false;
    double step = 1.0;
    for (std::size_t i = 0; i < n; ++i) {
      if (move[i] < 0.0) step = std::min(step, -0.95 * y_[i] / move[i]);
    }
    const double before = to_residual ? residual(y_) : objective(y_, ridge);
    for (int halving = 0; halving < kHalvings; ++halving, step *= 0.5) {
      dense::Vector next = y_;
      for (std::size_t i = 0; i < n; ++i) next[i] += step * move[i];
      const double after = to_residual ? residual(next) : objective(next, ridge);
      const bool accepted = to_residual ? after < before : after <= before + 1e-4 * step * slope;
      if (accepted && std::isfinite(after)) {
        y_ = next;
        return true;
      }
    }
    return false;
  }

  const dense::Matrix& form_;
  const dense::Vector& shares_;
  double power_;
  dense::Vector y_;
  std::int64_t steps_ = 0;
};

/// Whether 0 lies in the hull of these rows, to rounding: then the equation has no solution. A residual cannot tell, since
/// weights that grow without end let rounding hide it.
bool hull_holds_zero(const dense::Matrix& k, const std::vector<std::size_t>& rows) {
  dense::Matrix unit(rows.size());
  for (std::size_t a = 0; a < rows.size(); ++a) {
    for (std::size_t b = 0; b < rows.size(); ++b) {
      unit(a, b) = k(rows[a], rows[b]) / std::sqrt(k(rows[a], rows[a]) * k(rows[b], rows[b]));
    }
  }
  return dense::nearest_hull_point(unit).stationary;
}

}  // namespace

Solution fairgrad(const torch::Tensor& gram, double alpha) {
  const dense::Matrix k = read_gram(gram, "fairgrad");
  if (!(alpha >= 0.0) || !std::isfinite(alpha)) throw NonFiniteError("fairgrad: alpha must be finite and not negative");
  const std::size_t n = k.size();
  Solution solution;
  if (alpha == 0.0) {
    solution.weights = to_tensor(dense::Vector(n, 1.0 / static_cast<double>(n)));
    return solution;
  }
  // w_t = K_tt^(-alpha / (alpha + 1)) y_t: y = 1 solves the problem of orthogonal gradients.
  std::vector<std::size_t> tasks;
  for (std::size_t t = 0; t < n; ++t) {
    if (k(t, t) > 0.0) tasks.push_back(t);
  }
  dense::Vector weights(n, 0.0);
  if (!tasks.empty()) {
    const double power = 1.0 / alpha;
    dense::Vector scale(tasks.size());
    dense::Vector shares(tasks.size());
    dense::Matrix form(tasks.size());
    for (std::size_t a = 0; a < tasks.size(); ++a) {
      scale[a] = std::pow(k(tasks[a], tasks[a]), -alpha / (alpha + 1.0));
      shares[a] = k(tasks[a], tasks[a]) * scale[a] * scale[a];
    }
    for (std::size_t a = 0; a < tasks.size(); ++a) {
      for (std::size_t b = 0; b < tasks.size(); ++b) form(a, b) = scale[a] * k(tasks[a], tasks[b]) * scale[b];
    }
    Bargain bargain(form, shares, power);
    const dense::Vector& y = bargain.solve();
    solution.residual = bargain.residual(y);
    solution.iterations = bargain.steps();
    solution.stationary = hull_holds_zero(k, tasks) || !(solution.residual <= kUnsolved + bargain.rounding(y));
    for (std::size_t a = 0; a < tasks.size(); ++a) weights[tasks[a]] = scale[a] * y[a];
  }
  solution.weights = to_tensor(weights);
  return solution;
}

Solution nash_mtl(const torch::Tensor& gram, double max_norm) {
  Solution solution = fairgrad(gram, 1.0);
  solution.weights = shortened(solution.weights, gram, max_norm);
  return solution;
}

torch::Tensor shortened(const torch::Tensor& weights, const torch::Tensor& gram, double max_norm) {
  const dense::Matrix k = read_gram(gram, "shortened");
  const double norm = std::sqrt(dense::energy(k, read_vector(weights, k.size(), "shortened", "the weights")));
  return max_norm > 0.0 && norm > max_norm ? weights * (max_norm / norm) : weights;
}

}  // namespace infomtl::ops
