#include "ops/influence/factor.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"

namespace infomtl::ops::influence {

using torch::Tensor;

Tensor cholesky(const Tensor& matrix, const std::string& what) {
  if (!at::isfinite(matrix).all().item<bool>()) throw NonFiniteError("influence: " + what + " is not finite");
  const auto [factor, info] = at::linalg_cholesky_ex(matrix);
  bool good = info.item<int>() == 0;
  if (good && matrix.size(0) > 0) {
    // A pivot of the size of a rounding error of the diagonal is none.
    const double least = factor.diagonal().square().min().item<double>();
    good = least > 1e-15 * static_cast<double>(matrix.size(0)) * matrix.diagonal().max().item<double>();
  }
  if (!good) {
    throw UserError("influence: " + what +
                    " is not positive definite; give a ridge above 0 or a damping, or take the Gauss-Newton curvature");
  }
  return factor;
}

Tensor solved(const Tensor& factor, const Tensor& vectors) { return at::cholesky_solve(vectors.t(), factor).t(); }

}  // namespace infomtl::ops::influence
