#include "infomtl/ops/influence/arrow.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "ops/influence/factor.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

constexpr std::int64_t kUnitsAtOnce = 128;

}  // namespace

ArrowBlocks arrow_blocks(const SharedObjective& objective, const Tensor& w, Curvature curvature, double damping) {
  const at::NoGradGuard no_grad;
  const ParameterPlaces& places = objective.places();
  const std::int64_t p = places.shared;
  const auto unit_vectors = [&](std::int64_t begin, std::int64_t count) {
    Tensor units = at::zeros({count, places.total}, torch::kFloat64);
    units.narrow(1, begin, count).fill_diagonal_(1);
    return units;
  };
  const auto each_chunk = [](std::int64_t begin, std::int64_t size, const auto& body) {
    for (std::int64_t first = 0; first < size; first += kUnitsAtOnce) {
      body(begin + first, first, std::min(kUnitsAtOnce, size - first));
    }
  };
  ArrowBlocks blocks{.shared = at::zeros({p, p}, torch::kFloat64), .cross = {}, .own = {}, .names = {}};
  for (std::size_t k = 0; k < objective.tasks().size(); ++k) {
    const std::int64_t begin = places.begin[k], size = places.size[k];
    Tensor cross = at::zeros({size, p}, torch::kFloat64), own = at::zeros({size, size}, torch::kFloat64);
    each_chunk(begin, size, [&](std::int64_t at_parameter, std::int64_t first, std::int64_t count) {
      const Tensor units = unit_vectors(at_parameter, count);
      const Tensor product = objective.task_curvature_product(w, k, units, curvature) +
                             objective.regulariser_product(units) + damping * units;
      cross.narrow(0, first, count).copy_(product.narrow(1, 0, p));
      own.narrow(0, first, count).copy_(product.narrow(1, begin, size));
    });
    blocks.cross.push_back(cross);
    blocks.own.push_back(own);
    blocks.names.push_back(objective.tasks()[k].name);
    each_chunk(0, p, [&](std::int64_t at_parameter, std::int64_t first, std::int64_t count) {
      const Tensor product = objective.task_curvature_product(w, k, unit_vectors(at_parameter, count), curvature);
      blocks.shared.narrow(0, first, count).add_(product.narrow(1, 0, p));
    });
  }
  each_chunk(0, p, [&](std::int64_t at_parameter, std::int64_t first, std::int64_t count) {
    const Tensor units = unit_vectors(at_parameter, count);
    const Tensor product = objective.regulariser_product(units) + damping * units;
    blocks.shared.narrow(0, first, count).add_(product.narrow(1, 0, p));
  });
  return blocks;
}

ArrowInverse::ArrowInverse(const ArrowBlocks& blocks) : shared_(blocks.shared.size(0)) {
  const at::NoGradGuard no_grad;
  Tensor schur = blocks.shared;
  for (std::size_t k = 0; k < blocks.own.size(); ++k) {
    const bool named = k < blocks.names.size() && !blocks.names[k].empty();
    const std::string task = named ? "\"" + blocks.names[k] + "\"" : std::to_string(k + 1);
    own_.push_back(influence::cholesky(blocks.own[k], "the curvature of the head of task " + task));
    if (shared_ == 0) continue;
    response_.push_back(at::cholesky_solve(blocks.cross[k], own_.back()));
    schur = schur - blocks.cross[k].t().mm(response_.back());
  }
  if (shared_ > 0) schur_ = influence::cholesky(0.5 * (schur + schur.t()), "the curvature of the shared part");
}

Tensor ArrowInverse::profiled(std::size_t task, const Tensor& shared, const Tensor& own) const {
  return shared - own.mm(response_.at(task));
}

Tensor ArrowInverse::shared_inverse(const Tensor& vectors) const { return influence::solved(schur_, vectors); }

Tensor ArrowInverse::own_inverse(std::size_t task, const Tensor& vectors) const {
  return influence::solved(own_.at(task), vectors);
}

Tensor ArrowInverse::times(const Tensor& vectors) const {
  const at::NoGradGuard no_grad;
  Tensor through;  // S^-1 of all that reaches gamma
  std::vector<Tensor> own;
  std::int64_t begin = shared_;
  if (shared_ > 0) through = vectors.narrow(1, 0, shared_);
  for (std::size_t k = 0; k < own_.size(); ++k) {
    own.push_back(vectors.narrow(1, begin, own_[k].size(0)));
    begin += own_[k].size(0);
    if (shared_ > 0) through = profiled(k, through, own.back());
  }
  std::vector<Tensor> found;
  if (shared_ > 0) {
    through = shared_inverse(through);
    found.push_back(through);
  }
  for (std::size_t k = 0; k < own_.size(); ++k) {
    const Tensor within = own_inverse(k, own[k]);
    found.push_back(shared_ > 0 ? within - through.mm(response_[k].t()) : within);
  }
  return at::cat(found, 1);
}

}  // namespace infomtl::ops
