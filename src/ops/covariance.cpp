#include "infomtl/ops/covariance.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "infomtl/core/errors.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

/// F [d, r] = U_r D_r^{1/2} of the leading eigenvalues that hold `kept` of their sum.
Tensor leading_factor(const Tensor& gram, double kept) {
  if (gram.dim() != 2 || gram.size(0) != gram.size(1) || gram.size(0) < 1) {
    throw ShapeError("covariance_similarity: [d, d], found " + c10::str(gram.sizes()));
  }
  const Tensor wide = gram.to(torch::kCPU, torch::kFloat64);
  if (!at::isfinite(wide).all().item<bool>()) throw NonFiniteError("covariance_similarity: a row is not finite");
  const auto [ascending, vectors] = at::linalg_eigh(0.5 * (wide + wide.t()));
  const Tensor values = ascending.flip(0).clamp_min(0);
  const Tensor held = values.cumsum(0);
  // The first place where the share is reached, and all before it; all of them where rounding keeps it from being reached.
  const std::int64_t below = (held < kept * held[-1]).sum().item<std::int64_t>();
  const std::int64_t count = std::min(below + 1, values.size(0));
  return vectors.flip(1).narrow(1, 0, count) * values.narrow(0, 0, count).sqrt();
}

}  // namespace

CovarianceSums::CovarianceSums(std::int64_t width)
    : gram_(at::zeros({width, width}, torch::kFloat64)), sum_(at::zeros({width}, torch::kFloat64)) {}

void CovarianceSums::add(const Tensor& rows) {
  if (rows.dim() != 2 || rows.size(1) != sum_.size(0)) {
    throw ShapeError("covariance: rows [m, " + std::to_string(sum_.size(0)) + "], found " + c10::str(rows.sizes()));
  }
  const at::NoGradGuard no_grad;
  const Tensor wide = rows.to(torch::kCPU, torch::kFloat64);
  gram_ = gram_ + wide.t().mm(wide);
  sum_ = sum_ + wide.sum(0);
  rows_ += wide.size(0);
}

Tensor CovarianceSums::gram(bool centred) const {
  if (!centred || rows_ == 0) return gram_;
  return gram_ - at::outer(sum_, sum_) / static_cast<double>(rows_);
}

Tensor covariance_similarities(const std::vector<Tensor>& grams, double kept) {
  if (!(kept > 0 && kept <= 1)) {
    throw ConfigError("covariance_similarity: kept must lie in (0, 1], found " + std::to_string(kept));
  }
  const at::NoGradGuard no_grad;
  std::vector<Tensor> factors;
  for (const Tensor& gram : grams) {
    factors.push_back(leading_factor(gram, kept));
    if (factors.back().size(0) != factors[0].size(0)) {
      throw ShapeError("covariance_similarity: widths " + std::to_string(factors[0].size(0)) + " and " +
                       std::to_string(factors.back().size(0)));
    }
  }
  Tensor found = at::zeros({std::ssize(grams), std::ssize(grams)}, torch::kFloat64);
  auto scores = found.accessor<double, 2>();
  for (std::int64_t i = 0; i < found.size(0); ++i) {
    for (std::int64_t j = i; j < found.size(0); ++j) {
      const Tensor &one = factors[static_cast<std::size_t>(i)], &other = factors[static_cast<std::size_t>(j)];
      const double norms = one.norm().item<double>() * other.norm().item<double>();
      if (norms > 0) scores[i][j] = scores[j][i] = one.t().mm(other).norm().item<double>() / norms;
    }
  }
  return found;
}

Tensor covariance_similarity(const CovarianceSums& one, const CovarianceSums& other, const CovarianceOptions& options) {
  return covariance_similarities({one.gram(options.centred), other.gram(options.centred)}, options.kept)[0][1];
}

Tensor covariance_similarity(const Tensor& x1, const Tensor& x2, const CovarianceOptions& options) {
  const auto sums_of = [](const Tensor& rows) {
    if (rows.dim() != 2) throw ShapeError("covariance_similarity: rows [m, d], found " + c10::str(rows.sizes()));
    CovarianceSums sums(rows.size(1));
    sums.add(rows);
    return sums;
  };
  return covariance_similarity(sums_of(x1), sums_of(x2), options);
}

}  // namespace infomtl::ops
