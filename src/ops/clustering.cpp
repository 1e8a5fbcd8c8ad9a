#include "infomtl/ops/clustering.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/group_sums.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

/// [N, K] squared distances.
Tensor distances(const Tensor& rows, const Tensor& centres) { return at::cdist(rows, centres).square(); }

/// A row drawn in proportion to `weights` [N] >= 0; any row where all are 0.
std::int64_t draw(const Tensor& weights, RandomStream& random) {
  const Tensor ends = weights.cumsum(0);
  const double total = ends[-1].item<double>(), point = random.uniform() * total;
  const std::int64_t last = weights.size(0) - 1;
  if (total <= 0) return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(last + 1)));
  return std::min(last, (ends <= point).sum().item<std::int64_t>());
}

/// k-means++: each further centre a row drawn by its squared distance from those there are.
Tensor first_centres(const Tensor& rows, std::int64_t groups, RandomStream& random) {
  std::vector<Tensor> centres = {rows[draw(at::ones({rows.size(0)}, rows.options()), random)]};
  while (std::ssize(centres) < groups) {
    centres.push_back(rows[draw(std::get<0>(distances(rows, at::stack(centres)).min(1)), random)]);
  }
  return at::stack(centres);
}

}  // namespace

Tensor k_means(const Tensor& given, std::int64_t groups, const KMeansOptions& options) {
  if (given.dim() != 2 || groups < 1 || given.size(0) < groups) {
    throw ShapeError("k_means: [N, D] with N >= " + std::to_string(groups) + " rows, found " + c10::str(given.sizes()));
  }
  const at::NoGradGuard no_grad;
  const Tensor rows = given.to(torch::kCPU, torch::kFloat64);
  if (!at::isfinite(rows).all().item<bool>()) throw NonFiniteError("k_means: a row is not finite");
  Tensor best;
  double least = std::numeric_limits<double>::infinity();
  for (int restart = 0; restart < options.restarts; ++restart) {
    RandomStream random(derive_seed(options.seed, "k_means", static_cast<std::uint64_t>(restart)));
    Tensor centres = first_centres(rows, groups, random), of_row;
    double sum = 0;
    for (int i = 0; i < options.most_iterations; ++i) {
      const auto [nearest, now] = distances(rows, centres).min(1);
      sum = nearest.sum().item<double>();
      if (of_row.defined() && at::equal(of_row, now)) break;
      of_row = now;
      const Tensor counts = group_sums(at::ones_like(nearest), of_row, groups);
      const Tensor sums = group_sums(rows, of_row, groups);
      // A group that lost its last row keeps its centre.
      centres = at::where((counts > 0).unsqueeze(1), sums / counts.clamp_min(1).unsqueeze(1), centres);
    }
    if (sum < least) least = sum, best = of_row;
  }
  return best;
}

}  // namespace infomtl::ops
