#include "infomtl/ops/influence/inverse_curvature.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/influence/arrow.h"
#include "infomtl/ops/influence/ekfac.h"
#include "infomtl/ops/influence/inverse_products.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

constexpr std::int64_t kExplicitByChoice = 5000;  // parameters of a block that `auto` still factorises
constexpr std::int64_t kExplicitAtMost = 20'000;  // 3 GiB per matrix

struct Problem {
  const SharedObjective& objective;
  const Tensor& w;
  const Tensor& vectors;
  const InverseSettings& settings;
  const std::function<void(const std::string&)>& progress;

  std::int64_t size() const { return objective.places().total; }
  CurvatureProduct product() const {
    return [this](const Tensor& v) {
      return objective.curvature_product(w, v, settings.curvature) + settings.damping * v;
    };
  }
};
struct Solution {
  Tensor vectors;
  std::vector<std::string> notes;
};

std::string in_short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}

std::int64_t largest_block(const SharedObjective& objective) {
  const ParameterPlaces& places = objective.places();
  return std::max(places.shared, *std::max_element(places.size.begin(), places.size.end()));
}

Solution solve_explicitly(const Problem& problem) {
  const std::int64_t largest = largest_block(problem.objective);
  if (largest > kExplicitAtMost) {
    throw UserError("influence: explicit: a block of " + std::to_string(largest) + " parameters is a matrix of " +
                    std::to_string(largest * largest * 8 >> 30) + " GiB; take cg, or a smaller rank");
  }
  const ArrowInverse inverse(
      arrow_blocks(problem.objective, problem.w, problem.settings.curvature, problem.settings.damping));
  return {inverse.times(problem.vectors), {}};
}

Solution solve_by_conjugate_gradients(const Problem& problem) {
  const InverseSettings& settings = problem.settings;
  ConjugateGradientOptions options{.tolerance = settings.cg_tolerance, .iterations = settings.cg_iterations};
  const SharedSettings& sharing = problem.objective.settings();
  std::optional<EkfacInverse> near;
  if (!sharing.soft && sharing.ridge + settings.damping > 0) {
    if (problem.progress) problem.progress("conjugate gradients, preconditioner");
    near.emplace(problem.objective, problem.w, settings.damping);
    options.preconditioner = [&near](const Tensor& v) { return near->times(v); };
  }
  const ConjugateGradientResult found =
      conjugate_gradients(problem.product(), problem.vectors, options, [&](std::int64_t iteration, double residual) {
        if (problem.progress && iteration % 5 == 0) {
          problem.progress("conjugate gradients, iteration " + std::to_string(iteration) + ", residual " +
                           in_short(residual));
        }
      });
  Solution solution{found.vectors,
                    {std::to_string(found.iterations) + " iterations, relative residual " + in_short(found.residual)}};
  if (found.negative > 0) {
    solution.notes.push_back(std::to_string(found.negative) +
                             " vectors stopped at negative curvature; give a damping, or take Gauss-Newton");
  } else if (found.residual > settings.cg_tolerance) {
    solution.notes.push_back("the tolerance " + in_short(settings.cg_tolerance) + " was not reached");
  }
  return solution;
}

Solution solve_by_lissa(const Problem& problem) {
  const InverseSettings& settings = problem.settings;
  double scale = settings.lissa_scale;
  if (scale == 0) scale = 2 * largest_eigenvalue(problem.product(), problem.size(), settings.seed);
  const auto sampled = [&](const Tensor& v, std::int64_t step) -> Tensor {
    if (problem.progress && step % 50 == 0) problem.progress("lissa, step " + std::to_string(step));
    if (settings.lissa_batch == 0) return problem.product()(v);
    std::vector<Tensor> rows;
    for (std::size_t k = 0; k < problem.objective.tasks().size(); ++k) {
      const std::int64_t n = problem.objective.tasks()[k].features.size(0);
      RandomStream random(derive_seed(settings.seed, "lissa/" + std::to_string(k), static_cast<std::uint64_t>(step)));
      std::vector<std::int64_t> drawn(static_cast<std::size_t>(std::min(settings.lissa_batch, n)));
      for (std::int64_t& row : drawn) row = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
      rows.push_back(torch::tensor(drawn, torch::kInt64));
    }
    return problem.objective.subset(rows).curvature_product(problem.w, v, settings.curvature) + settings.damping * v;
  };
  return {lissa(sampled, problem.vectors, {.depth = settings.lissa_depth, .scale = scale, .damping = 0}),
          {"depth " + std::to_string(settings.lissa_depth) + ", scale " + in_short(scale)}};
}

Solution solve_by_arnoldi(const Problem& problem) {
  const InverseSettings& settings = problem.settings;
  std::int64_t done = 0;
  const CurvatureProduct product = problem.product();
  const auto counted = [&](const Tensor& v) {
    if (problem.progress && ++done % 5 == 0) problem.progress("arnoldi, step " + std::to_string(done));
    return product(v);
  };
  const CurvatureBasis basis =
      arnoldi_basis(counted, problem.size(), settings.arnoldi_steps, settings.arnoldi_kept, settings.seed);
  std::vector<std::string> notes = {std::to_string(basis.values.size(0)) + " directions are kept"};
  if (basis.dropped > 0) notes.push_back(std::to_string(basis.dropped) + " were not above 0 and are left out");
  return {products_in_basis(basis, problem.vectors), notes};
}

Solution solve_by_ekfac(const Problem& problem) {
  if (problem.settings.curvature == Curvature::hessian && !problem.objective.convex()) {
    throw UserError("influence: ekfac is a Gauss-Newton curvature; take cg for the Hessian of an adapter");
  }
  return {EkfacInverse(problem.objective, problem.w, problem.settings.damping).times(problem.vectors), {}};
}

Solution solve_by_projection(const Problem& problem) {
  const Tensor basis = random_basis(problem.size(), problem.settings.projection, problem.settings.seed);
  return {projected_inverse_products(problem.product(), basis, problem.vectors),
          {std::to_string(basis.size(0)) + " of " + std::to_string(problem.size()) + " dimensions"}};
}

Solution leave_as_is(const Problem& problem) { return {problem.vectors, {}}; }

struct Backend {
  const char* name;
  Solution (*solve)(const Problem&);
};
constexpr Backend kBackends[] = {{"explicit", solve_explicitly}, {"cg", solve_by_conjugate_gradients},
                                 {"lissa", solve_by_lissa},      {"arnoldi", solve_by_arnoldi},
                                 {"ekfac", solve_by_ekfac},      {"random_projection", solve_by_projection},
                                 {"identity", leave_as_is}};

}  // namespace

std::vector<std::string> inverse_backends() {
  std::vector<std::string> names;
  for (const Backend& backend : kBackends) names.emplace_back(backend.name);
  return names;
}

BackendChoice chosen_backend(const SharedObjective& objective, const InverseSettings& settings) {
  if (settings.backend == "auto") {
    const std::int64_t largest = largest_block(objective);
    const bool small = largest <= kExplicitByChoice;
    return {small ? "explicit" : "cg", "the largest block has " + std::to_string(largest) + " parameters, " +
                                           (small ? "at most " : "more than ") + std::to_string(kExplicitByChoice)};
  }
  const std::vector<std::string> known = inverse_backends();
  if (std::find(known.begin(), known.end(), settings.backend) == known.end()) {
    throw UnknownNameError("unknown backend \"" + settings.backend + "\"" + did_you_mean(settings.backend, known));
  }
  return {settings.backend, "asked for"};
}

InverseCurvature inverse_curvature_products(const SharedObjective& objective, const Tensor& w, const Tensor& vectors,
                                            const InverseSettings& settings,
                                            const std::function<void(const std::string&)>& progress) {
  const at::NoGradGuard no_grad;
  const BackendChoice chosen = chosen_backend(objective, settings);
  const Backend* backend = std::find_if(std::begin(kBackends), std::end(kBackends),
                                        [&](const Backend& one) { return chosen.name == one.name; });
  Solution solution = backend->solve({objective, w, vectors, settings, progress});
  if (!at::isfinite(solution.vectors).all().item<bool>()) {
    throw NonFiniteError("influence: " + chosen.name + " gave numbers that are not finite");
  }
  return {.vectors = std::move(solution.vectors), .backend = chosen, .notes = std::move(solution.notes)};
}

double inverse_residual(const SharedObjective& objective, const Tensor& w, const Tensor& solutions,
                        const Tensor& vectors, const InverseSettings& settings) {
  const at::NoGradGuard no_grad;
  const Tensor product = objective.curvature_product(w, solutions, settings.curvature) + settings.damping * solutions;
  const Tensor lengths = vectors.norm(2, 1).clamp_min(1e-150);
  return ((product - vectors).norm(2, 1) / lengths).max().item<double>();
}

}  // namespace infomtl::ops
