#include "ops/aggregation/quadratic_program.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace infomtl::ops::dense {
namespace {

constexpr double kRounding = 16 * std::numeric_limits<double>::epsilon();
constexpr double kDependentPivot = 1e-12;    // of a unit diagonal: what is left of a column is rounding
constexpr double kSignificantSlope = 1e-10;  // below it a dependent column's slope is rounding, too

class ActiveSet {
 public:
  ActiveSet(const Matrix& form, const Vector& linear) : h_(form), f_(linear), x_(linear.size(), 0.0) {}

  NonnegativeMinimum run() {
    const std::size_t limit = 50 + 20 * x_.size();
    NonnegativeMinimum result;
    std::vector<bool> rejected(x_.size(), false);
    for (; result.iterations < limit; ++result.iterations) {
      const std::size_t entering = steepest(rejected);
      if (entering == x_.size()) break;
      const Entry entry = enter(entering);
      if (entry == Entry::kUnbounded) {
        result.bounded = false;
        break;
      }
      if (entry == Entry::kRejected || !settle(entering)) {
        rejected[entering] = true;
      } else {
        rejected.assign(x_.size(), false);
      }
    }
    result.x = x_;
    return result;
  }

 private:
  enum class Entry { kFree, kRejected, kUnbounded };

  bool is_free(std::size_t index) const { return std::find(free_.begin(), free_.end(), index) != free_.end(); }

  /// Descent slope f_j - (H x)_j, and in `magnitude` the size of what was summed.
  double slope(std::size_t j, double* magnitude) const {
    double sum = f_[j];
    *magnitude = std::abs(f_[j]);
    for (std::size_t i : free_) {
      sum -= h_(j, i) * x_[i];
      *magnitude += std::abs(h_(j, i) * x_[i]);
    }
    return sum;
  }

  std::size_t steepest(const std::vector<bool>& rejected) const {
    std::size_t best = x_.size();
    double best_slope = 0.0;
    for (std::size_t j = 0; j < x_.size(); ++j) {
      if (rejected[j] || is_free(j)) continue;
      double magnitude = 0.0;
      const double s = slope(j, &magnitude);
      if (s > kRounding * magnitude && s > best_slope) {
        best_slope = s;
        best = j;
      }
    }
    return best;
  }

  /// Factor of H restricted to the free set; false when it is numerically singular.
  bool factor(Matrix* lower) const {
    *lower = Matrix(free_.size());
    for (std::size_t a = 0; a < free_.size(); ++a) {
      for (std::size_t b = 0; b < free_.size(); ++b) (*lower)(a, b) = h_(free_[a], free_[b]);
    }
    return cholesky(*lower, kDependentPivot / 16);
  }

  Entry enter(std::size_t j) {
    Vector z(free_.size());
    for (std::size_t a = 0; a < free_.size(); ++a) z[a] = h_(free_[a], j);
    double pivot = h_(j, j);
    if (!free_.empty()) {
      Matrix lower(0);
      if (!factor(&lower)) return Entry::kRejected;
      const Vector column = z;
      z = cholesky_solve(lower, z);
      pivot -= dot(column, z);
    }
    if (pivot > kDependentPivot) {
      free_.push_back(j);
      return Entry::kFree;
    }
    double magnitude = 0.0;
    const double s = slope(j, &magnitude);
    if (s <= kSignificantSlope * magnitude) return Entry::kRejected;
    // H is flat along e_j - z: go down until a free variable reaches 0, which j replaces.
    double step = std::numeric_limits<double>::infinity();
    std::size_t leaving = free_.size();
    for (std::size_t a = 0; a < free_.size(); ++a) {
      if (z[a] > kDependentPivot && x_[free_[a]] / z[a] < step) {
        step = x_[free_[a]] / z[a];
        leaving = a;
      }
    }
    if (leaving == free_.size()) return Entry::kUnbounded;
    if (step * std::max(pivot, 0.0) > 2 * s) return Entry::kRejected;
    for (std::size_t a = 0; a < free_.size(); ++a) x_[free_[a]] = std::max(0.0, x_[free_[a]] - step * z[a]);
    x_[free_[leaving]] = 0.0;
    x_[j] = step;
    free_[leaving] = j;
    return Entry::kFree;
  }

  /// Goes to the minimum over the free set, dropping variables that reach 0; false when only `entering` was dropped.
  bool settle(std::size_t entering) {
    bool moved = false;
    while (!free_.empty()) {
      Matrix lower(0);
      if (!factor(&lower)) return moved;
      Vector target(free_.size());
      for (std::size_t a = 0; a < free_.size(); ++a) target[a] = f_[free_[a]];
      const Vector right = target;
      target = cholesky_solve(lower, target);
      refine(lower, right, &target);
      double step = 1.0;
      std::size_t blocking = free_.size();
      for (std::size_t a = 0; a < free_.size(); ++a) {
        const double here = x_[free_[a]];
        if (target[a] > 0.0) continue;
        const double reach = here > 0.0 ? here / (here - target[a]) : 0.0;
        if (blocking == free_.size() || reach < step) {
          step = reach;
          blocking = a;
        }
      }
      std::vector<std::size_t> kept;
      for (std::size_t a = 0; a < free_.size(); ++a) {
        double& value = x_[free_[a]];
        const double here = value;
        value = step >= 1.0 ? target[a] : here + step * (target[a] - here);
        const bool at_bound = a == blocking || (target[a] <= 0.0 && value <= kRounding * (here + std::abs(target[a])));
        if (at_bound) {
          value = 0.0;
        } else {
          kept.push_back(free_[a]);
        }
      }
      moved = moved || step > 0.0;
      const bool shrank = kept.size() < free_.size();
      free_ = kept;
      if (step >= 1.0 && !shrank) return true;
      if (!is_free(entering) && !moved) return false;
      if (!shrank) return true;
    }
    return moved;
  }

  void refine(const Matrix& lower, const Vector& right, Vector* solution) const {
    Vector rest = right;
    for (std::size_t a = 0; a < free_.size(); ++a) {
      for (std::size_t b = 0; b < free_.size(); ++b) rest[a] -= h_(free_[a], free_[b]) * (*solution)[b];
    }
    rest = cholesky_solve(lower, rest);
    for (std::size_t a = 0; a < free_.size(); ++a) (*solution)[a] += rest[a];
  }

  const Matrix& h_;
  const Vector& f_;
  Vector x_;
  std::vector<std::size_t> free_;
};

}  // namespace

NonnegativeMinimum minimize_nonnegative(const Matrix& form, const Vector& linear) {
  const Vector scale = unit_diagonal_scale(form);
  const Matrix h = scaled(form, scale);
  Vector f = linear;
  for (std::size_t i = 0; i < f.size(); ++i) f[i] *= scale[i];
  NonnegativeMinimum result = ActiveSet(h, f).run();
  for (std::size_t i = 0; i < f.size(); ++i) result.x[i] *= scale[i];
  return result;
}

}  // namespace infomtl::ops::dense
