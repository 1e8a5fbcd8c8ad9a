#include "ops/aggregation/dense.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace infomtl::ops::dense {

double dot(const Vector& a, const Vector& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Vector multiply(const Matrix& a, const Vector& x) {
  Vector y(a.size(), 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.size(); ++j) y[i] += a(i, j) * x[j];
  }
  return y;
}

double trace(const Matrix& a) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a(i, i);
  return sum;
}

double energy(const Matrix& a, const Vector& x) { return std::max(0.0, dot(x, multiply(a, x))); }

Matrix scaled(const Matrix& a, const Vector& scale) {
  Matrix result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.size(); ++j) result(i, j) = scale[i] * a(i, j) * scale[j];
  }
  return result;
}

Vector unit_diagonal_scale(const Matrix& a) {
  Vector scale(a.size(), 1.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a(i, i) > 0.0) scale[i] = 1.0 / std::sqrt(a(i, i));
  }
  return scale;
}

bool cholesky(Matrix& a, double pivot_floor) {
  for (std::size_t j = 0; j < a.size(); ++j) {
    double pivot = a(j, j);
    for (std::size_t k = 0; k < j; ++k) pivot -= a(j, k) * a(j, k);
    if (!(pivot > pivot_floor)) return false;
    a(j, j) = std::sqrt(pivot);
    for (std::size_t i = j + 1; i < a.size(); ++i) {
      double value = a(i, j);
      for (std::size_t k = 0; k < j; ++k) value -= a(i, k) * a(j, k);
      a(i, j) = value / a(j, j);
    }
  }
  return true;
}

Vector cholesky_solve(const Matrix& factor, Vector b) {
  const std::size_t n = factor.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= factor(i, k) * b[k];
    b[i] /= factor(i, i);
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= factor(k, i) * b[k];
    b[i] /= factor(i, i);
  }
  return b;
}

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr int kSweeps = 60;

/// Columns c_k with A = sum_k c_k c_k^T, largest remaining pivot first.
std::vector<Vector> pivoted_cholesky(const Matrix& a) {
  const std::size_t n = a.size();
  Vector remaining(n);
  for (std::size_t i = 0; i < n; ++i) remaining[i] = a(i, i);
  std::vector<bool> used(n, false);
  std::vector<Vector> columns;
  while (columns.size() < n) {
    std::size_t pivot = n;
    for (std::size_t i = 0; i < n; ++i) {
      const bool rounding = !(remaining[i] > 4.0 * static_cast<double>(n) * kEpsilon * a(i, i));
      if (!used[i] && !rounding && (pivot == n || remaining[i] > remaining[pivot])) pivot = i;
    }
    if (pivot == n) break;
    used[pivot] = true;
    const double root = std::sqrt(remaining[pivot]);
    Vector column(n, 0.0);
    column[pivot] = root;
    for (std::size_t j = 0; j < n; ++j) {
      if (used[j]) continue;
      double value = a(j, pivot);
      for (const Vector& earlier : columns) value -= earlier[j] * earlier[pivot];
      column[j] = value / root;
      remaining[j] -= column[j] * column[j];
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

/// Rotates two columns to be orthogonal; false when they were.
bool orthogonalize(Vector* p, Vector* q) {
  const double alpha = dot(*p, *p);
  const double beta = dot(*q, *q);
  const double gamma = dot(*p, *q);
  if (std::abs(gamma) <= kEpsilon * std::sqrt(alpha) * std::sqrt(beta)) return false;
  const double zeta = (beta - alpha) / (2.0 * gamma);
  const double tangent = (zeta >= 0.0 ? 1.0 : -1.0) / (std::abs(zeta) + std::hypot(1.0, zeta));
  const double cosine = 1.0 / std::hypot(1.0, tangent);
  for (std::size_t i = 0; i < p->size(); ++i) {
    const double first = (*p)[i];
    (*p)[i] = cosine * (first - tangent * (*q)[i]);
    (*q)[i] = cosine * (tangent * first + (*q)[i]);
  }
  return true;
}

}  // namespace

Spectrum spectrum(const Matrix& a) {
  std::vector<Vector> columns = pivoted_cholesky(a);
  bool rotated = true;
  for (int sweep = 0; sweep < kSweeps && rotated; ++sweep) {
    rotated = false;
    for (std::size_t p = 0; p < columns.size(); ++p) {
      for (std::size_t q = p + 1; q < columns.size(); ++q) rotated = orthogonalize(&columns[p], &columns[q]) || rotated;
    }
  }
  Spectrum result;
  for (Vector& column : columns) {
    const double value = dot(column, column);
    if (!(value > 0.0)) continue;
    for (double& entry : column) entry /= std::sqrt(value);
    const auto place = std::upper_bound(result.values.begin(), result.values.end(), value, std::greater<>());
    result.vectors.insert(result.vectors.begin() + (place - result.values.begin()), std::move(column));
    result.values.insert(place, value);
  }
  return result;
}

}  // namespace infomtl::ops::dense
