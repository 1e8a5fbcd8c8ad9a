#include "infomtl/ops/aggregation/label_directions.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "infomtl/core/errors.h"

namespace infomtl::ops {

torch::Tensor shared_direction_norms(const std::vector<torch::Tensor>& directions, std::int64_t rank) {
  const at::NoGradGuard no_grad;
  if (directions.empty()) throw ShapeError("shared_direction_norms: no task");
  std::vector<torch::Tensor> columns;
  for (const torch::Tensor& each : directions) {
    if (each.dim() != 2 || each.size(1) < 1 || each.size(0) != directions[0].size(0)) {
      throw ShapeError("shared_direction_norms: [d, C] with the same d for each task, found " + c10::str(each.sizes()) +
                       " beside " + c10::str(directions[0].sizes()));
    }
    columns.push_back(each.to(torch::kCPU, torch::kFloat64));
  }
  const torch::Tensor all = at::cat(columns, 1);
  const std::int64_t most = std::min(all.size(0), all.size(1));
  if (rank < 1 || rank > most) {
    throw ShapeError("shared_direction_norms: rank " + std::to_string(rank) + " of " + c10::str(all.sizes()));
  }
  if (!at::isfinite(all).all().item<bool>()) throw NonFiniteError("shared_direction_norms: a direction is not finite");
  const torch::Tensor basis = std::get<0>(at::linalg_svd(all, /*full_matrices=*/false)).narrow(1, 0, rank);
  std::vector<torch::Tensor> norms;
  for (const torch::Tensor& each : columns) {
    norms.push_back(at::linalg_vector_norm(basis.t().mm(each)) / std::sqrt(static_cast<double>(each.size(1))));
  }
  return at::stack(norms);
}

}  // namespace infomtl::ops
