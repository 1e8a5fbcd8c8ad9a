#pragma once
// Covariance similarity: how much the directions in which the inputs of two tasks vary agree (Wu, Zhang and Re, ICLR 2020,
// section 3).
//
//   ops::covariance_similarity(x1, x2).item<double>();          // of rows at hand
//   ops::CovarianceSums one(width), other(width);               // or of rows that pass by, in [d, d] memory
//   for (...) one.add(rows);
//   ops::covariance_similarity(one, other);
//
// Letters: m rows, d their width.

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl::ops {

struct CovarianceOptions {
  double kept = 0.99;    ///< share of the sum of eigenvalues that the leading ones must hold, in (0, 1]
  bool centred = false;  ///< take the mean row off first; the paper does not
};

/// ||F_1^T F_2||_F / (||F_1||_F ||F_2||_F) with F = U_r D_r^{1/2} of X^T X = U D U^T, r the fewest leading eigenvalues that
/// hold `kept` of their sum; scalar float64 on the CPU, in [0, 1]; 0 where one of the two has no variation.
///
/// Order of rows, scale and a common rotation of the columns change nothing. It is no calibrated similarity: the score of X
/// with itself is ||lambda||_2 / ||lambda||_1 over the kept eigenvalues, 1 for rank one and 1/sqrt(r) for r equal ones. Compare
/// it before and after a change, on the same pair of tasks.
/// @param x1 [m1, d]; @param x2 [m2, d] @throws ShapeError, NonFiniteError, ConfigError for options out of range
INFOMTL_API torch::Tensor covariance_similarity(const torch::Tensor& x1, const torch::Tensor& x2,
                                                const CovarianceOptions& options = {});

/// The same of T tasks by their X^T X [d, d] each, symmetric and positive semidefinite; [T, T] float64 on the CPU, symmetric,
/// with the score of each with itself on the diagonal.
INFOMTL_API torch::Tensor covariance_similarities(const std::vector<torch::Tensor>& grams, double kept = 0.99);

/// X^T X of rows that come batch by batch, float64 on the CPU.
class INFOMTL_API CovarianceSums {
 public:
  explicit CovarianceSums(std::int64_t width);
  /// @param rows [m, d], any floating type and device @throws ShapeError
  void add(const torch::Tensor& rows);
  std::int64_t rows() const { return rows_; }
  /// [d, d] X^T X, or (X - mean)^T (X - mean).
  torch::Tensor gram(bool centred = false) const;

 private:
  torch::Tensor gram_, sum_;
  std::int64_t rows_ = 0;
};

INFOMTL_API torch::Tensor covariance_similarity(const CovarianceSums& one, const CovarianceSums& other,
                                                const CovarianceOptions& options = {});

}  // namespace infomtl::ops
