#pragma once
// Small dense algebra of the solvers: T x T matrices in double, T rarely above 30. No torch in here.

#include <cstddef>
#include <vector>

namespace infomtl::ops::dense {

using Vector = std::vector<double>;

/// Square, row-major.
class Matrix {
 public:
  explicit Matrix(std::size_t size) : size_(size), values_(size * size, 0.0) {}
  std::size_t size() const { return size_; }
  double& operator()(std::size_t row, std::size_t column) { return values_[row * size_ + column]; }
  double operator()(std::size_t row, std::size_t column) const { return values_[row * size_ + column]; }

 private:
  std::size_t size_;
  Vector values_;
};

double dot(const Vector& a, const Vector& b);
Vector multiply(const Matrix& a, const Vector& x);
double trace(const Matrix& a);
/// x^T A x, not below 0: for Gram matrices.
double energy(const Matrix& a, const Vector& x);
/// diag(s) A diag(s)
Matrix scaled(const Matrix& a, const Vector& scale);
/// 1 / sqrt(a_ii), and 1 where a_ii is not positive.
Vector unit_diagonal_scale(const Matrix& a);
/// Lower factor of A = L L^T in place; false (A spoilt) when a pivot is at most `pivot_floor`.
bool cholesky(Matrix& a, double pivot_floor = 0.0);
/// Solves L L^T x = b.
Vector cholesky_solve(const Matrix& factor, Vector b);

/// A = sum_k values[k] vectors[k] vectors[k]^T of a positive semidefinite A, values descending, zero ones left out.
struct Spectrum {
  Vector values;
  std::vector<Vector> vectors;
};

/// By one-sided Jacobi rotations on a pivoted Cholesky factor (Demmel and Veselic 1992): small eigenvalues of a matrix
/// whose rows differ in scale keep their relative accuracy, which they lose in the usual tridiagonal methods. Pivots
/// that are rounding of their diagonal entry end the factor.
Spectrum spectrum(const Matrix& a);

}  // namespace infomtl::ops::dense
