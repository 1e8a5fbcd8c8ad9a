#include "infomtl/ops/influence/inverse_products.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/ops/tensor_random.h"
#include "ops/influence/factor.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

constexpr std::int64_t kVectorsAtOnce = 64;

Tensor random_vectors(std::int64_t rows, std::int64_t size, std::uint64_t seed) {
  TensorRandom random(seed);
  return at::randn({rows, size}, random.generator(), torch::dtype(torch::kFloat64));
}

}  // namespace

ConjugateGradientResult conjugate_gradients(const CurvatureProduct& product, const Tensor& vectors,
                                            const ConjugateGradientOptions& options,
                                            const std::function<void(std::int64_t, double)>& progress) {
  const at::NoGradGuard no_grad;
  const auto conditioned = [&](const Tensor& r) { return options.preconditioner ? options.preconditioner(r) : r; };
  Tensor solution = at::zeros_like(vectors), residual = vectors.clone(), direction = conditioned(vectors).clone();
  Tensor squares = residual.square().sum(1), products = (residual * direction).sum(1);
  const Tensor lengths = squares.clamp_min(1e-300);
  Tensor active = squares > 0;
  ConjugateGradientResult found{.vectors = {}};
  while (found.iterations < options.iterations) {
    const Tensor rows = active.nonzero().squeeze(1);
    if (rows.size(0) == 0) break;
    const Tensor along = direction.index_select(0, rows), bent = product(along);
    const Tensor curvature = (along * bent).sum(1), positive = curvature > 0;
    found.negative += (~positive).sum().item<std::int64_t>();
    const Tensor kept = positive.nonzero().squeeze(1), going = rows.index_select(0, kept);
    active = at::zeros_like(active).index_fill_(0, going, true);
    if (kept.size(0) == 0) break;
    const Tensor before = products.index_select(0, going);
    const Tensor step = (before / curvature.index_select(0, kept)).unsqueeze(1);
    solution.index_add_(0, going, step * along.index_select(0, kept));
    residual.index_add_(0, going, -step * bent.index_select(0, kept));
    const Tensor left = residual.index_select(0, going), next = conditioned(left), after = (left * next).sum(1);
    direction.index_copy_(0, going, next + (after / before).unsqueeze(1) * along.index_select(0, kept));
    products.index_copy_(0, going, after);
    squares.index_copy_(0, going, left.square().sum(1));
    active = active & (squares > options.tolerance * options.tolerance * lengths);
    ++found.iterations;
    if (progress) progress(found.iterations, (squares / lengths).max().sqrt().item<double>());
  }
  found.vectors = solution;
  found.residual = (squares / lengths).max().sqrt().item<double>();
  return found;
}

Tensor lissa(const SampledProduct& product, const Tensor& vectors, const LissaOptions& options) {
  const at::NoGradGuard no_grad;
  Tensor r = vectors;
  const double most = 1e12 * (1 + vectors.abs().max().item<double>());
  for (std::int64_t step = 0; step < options.depth; ++step) {
    r = vectors + (1 - options.damping) * r - product(r, step) / options.scale;
    if (step % 16 == 0 && !(r.abs().max().item<double>() < most)) {
      throw NonFiniteError("lissa: diverges at step " + std::to_string(step) + " with the scale " +
                           std::to_string(options.scale) + ", which must be above the largest eigenvalue");
    }
  }
  return r / options.scale;
}

CurvatureBasis arnoldi_basis(const CurvatureProduct& product, std::int64_t size, std::int64_t steps, std::int64_t kept,
                             std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  const std::int64_t most = std::min(steps, size);
  Tensor basis = at::zeros({most, size}, torch::kFloat64), moved = at::zeros({most, size}, torch::kFloat64);
  Tensor next = random_vectors(1, size, seed);
  next = next / next.norm();
  std::int64_t count = 0;
  double scale = 0;
  while (count < most) {
    basis.narrow(0, count, 1).copy_(next);
    const Tensor image = product(next);
    moved.narrow(0, count, 1).copy_(image);
    ++count;
    scale = std::max(scale, image.norm().item<double>());
    const Tensor known = basis.narrow(0, 0, count);
    next = image;
    for (int pass = 0; pass < 2; ++pass) next = next - next.mm(known.t()).mm(known);
    const double length = next.norm().item<double>();
    if (!(length > 1e-12 * scale)) break;  // the Krylov space is exhausted
    next = next / length;
  }
  const Tensor known = basis.narrow(0, 0, count), inside = known.mm(moved.narrow(0, 0, count).t());
  const auto [values, vectors] = at::linalg_eigh(0.5 * (inside + inside.t()));
  Tensor order = values.abs().argsort(0, /*descending=*/true).narrow(0, 0, std::min(kept, count));
  const Tensor chosen = values.index_select(0, order);
  const Tensor positive = (chosen > 1e-14 * scale).nonzero().squeeze(1);
  CurvatureBasis found{.vectors = {}, .values = chosen.index_select(0, positive)};
  found.dropped = chosen.size(0) - positive.size(0);
  found.vectors = vectors.index_select(1, order.index_select(0, positive)).t().mm(known);
  return found;
}

Tensor products_in_basis(const CurvatureBasis& basis, const Tensor& vectors) {
  return (vectors.mm(basis.vectors.t()) / basis.values).mm(basis.vectors);
}

Tensor random_basis(std::int64_t size, std::int64_t k, std::uint64_t seed) {
  if (k >= size) return at::eye(size, torch::kFloat64);
  return std::get<0>(at::linalg_qr(random_vectors(k, size, seed).t())).t().contiguous();
}

Tensor projected_inverse_products(const CurvatureProduct& product, const Tensor& basis, const Tensor& vectors) {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> inside;
  for (std::int64_t first = 0; first < basis.size(0); first += kVectorsAtOnce) {
    const Tensor some = basis.narrow(0, first, std::min(kVectorsAtOnce, basis.size(0) - first));
    inside.push_back(product(some).mm(basis.t()));
  }
  const Tensor factor = influence::cholesky(at::cat(inside), "the curvature on the random subspace");
  return influence::solved(factor, vectors.mm(basis.t())).mm(basis);
}

double largest_eigenvalue(const CurvatureProduct& product, std::int64_t size, std::uint64_t seed,
                          std::int64_t iterations) {
  const at::NoGradGuard no_grad;
  Tensor v = random_vectors(1, size, seed);
  double found = 0;
  for (std::int64_t i = 0; i < iterations; ++i) {
    v = v / v.norm();
    v = product(v);
    found = v.norm().item<double>();
    if (!(found > 0)) break;
  }
  return found;
}

}  // namespace infomtl::ops
