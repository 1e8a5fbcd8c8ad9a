#include "infomtl/ops/influence/inverse_products.h"

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/influence/inverse_curvature.h"
#include "ops/influence/problems.h"
#include "support/compare.h"
#include "support/message_of.h"

namespace infomtl::ops {
namespace {

using testing::close;
using torch::Tensor;

/// Four tasks of two labels each, heads tied to a common point: convex, 50 parameters.
SharedObjective fifty_parameters() {
  std::vector<LabelledFeatures> tasks;
  for (std::uint64_t k = 0; k < 4; ++k) {
    tasks.push_back(testing::influence_rows(OutputLoss::binary_cross_entropy, 40, 4, 2, 1 + k));
  }
  return {tasks, {.part = SharedPart::none, .soft = true, .penalty = 0.2, .ridge = 0.05}};
}

Tensor cosine(const Tensor& a, const Tensor& b) { return (a * b).sum() / (a.norm() * b.norm()); }

TEST(InverseCurvature, BackendsAgreeOnAConvexProblem) {  // PT-5.5
  const SharedObjective objective = fifty_parameters();
  ASSERT_EQ(objective.places().total, 50);
  const Tensor w = testing::minimum_of(objective), vectors = testing::normal({3, 50}, 9).to(torch::kFloat64);
  const Tensor dense = testing::dense_curvature(objective, w, Curvature::hessian);
  const Tensor expected = at::linalg_solve(dense, vectors.t()).t();
  const auto found = [&](InverseSettings settings) {
    return inverse_curvature_products(objective, w, vectors, settings).vectors;
  };
  EXPECT_TRUE(close(found({.backend = "explicit"}), expected, 0, 1e-10));
  EXPECT_TRUE(close(found({.backend = "auto"}), expected, 0, 1e-10));
  EXPECT_TRUE(close(found({.backend = "cg", .cg_tolerance = 1e-12}), expected, 0, 1e-9));
  EXPECT_TRUE(close(found({.backend = "lissa", .lissa_depth = 4000, .lissa_batch = 0}), expected, 0, 1e-8));
  EXPECT_TRUE(close(found({.backend = "arnoldi", .arnoldi_steps = 50, .arnoldi_kept = 50}), expected, 0, 1e-8));
  EXPECT_TRUE(close(found({.backend = "random_projection", .projection = 50}), expected, 0, 1e-10));
  // Samples of rows leave noise; a subspace leaves things out; no inverse at all is another thing.
  const Tensor sampled = found({.backend = "lissa", .lissa_depth = 4000, .lissa_scale = 20, .lissa_batch = 20});
  EXPECT_GT(cosine(sampled, expected).item<double>(), 0.95);
  EXPECT_FALSE(close(found({.backend = "random_projection", .projection = 25}), expected, 0, 1e-2));
  EXPECT_TRUE(close(found({.backend = "identity"}), vectors, 0));
}

TEST(InverseCurvature, DampingIsAddedByEveryBackend) {
  const SharedObjective objective = fifty_parameters();
  const Tensor w = testing::minimum_of(objective), vectors = testing::normal({2, 50}, 9).to(torch::kFloat64);
  const Tensor damped =
      testing::dense_curvature(objective, w, Curvature::hessian) + 0.5 * torch::eye(50, torch::kFloat64);
  const Tensor expected = at::linalg_solve(damped, vectors.t()).t();
  for (const char* backend : {"explicit", "cg", "lissa", "arnoldi", "random_projection"}) {
    const InverseSettings settings{.backend = backend,
                                   .damping = 0.5,
                                   .cg_tolerance = 1e-11,
                                   .lissa_depth = 1000,
                                   .lissa_batch = 0,
                                   .arnoldi_steps = 50,
                                   .arnoldi_kept = 50};
    EXPECT_TRUE(close(inverse_curvature_products(objective, w, vectors, settings).vectors, expected, 0, 1e-8))
        << backend;
  }
}

TEST(InverseCurvature, SaysWhatItChoseAndRefusesWhatDoesNotFit) {
  const SharedObjective objective = fifty_parameters();
  const Tensor w = objective.start(0), vectors = torch::ones({1, 50}, torch::kFloat64);
  const InverseCurvature chosen = inverse_curvature_products(objective, w, vectors, {});
  EXPECT_EQ(chosen.backend.name, "explicit");
  EXPECT_NE(chosen.backend.reason.find("10 parameters"), std::string::npos) << chosen.backend.reason;
  const auto told = [&](const char* backend) {
    return testing::message_of<UserError>(
        [&] { inverse_curvature_products(objective, w, vectors, {.backend = backend}); });
  };
  EXPECT_NE(told("explict").find("did you mean \"explicit\""), std::string::npos);
  EXPECT_NE(told("ekfac").find("soft sharing"), std::string::npos);
}

TEST(InverseCurvature, ResidualsTellHowFarFromSolved) {
  const SharedObjective objective = fifty_parameters();
  const Tensor w = objective.start(0), vectors = torch::ones({2, 50}, torch::kFloat64);
  const InverseSettings settings{.damping = 0.1};
  const Tensor solved = inverse_curvature_products(objective, w, vectors, settings).vectors;
  EXPECT_LT(inverse_residual(objective, w, solved, vectors, settings), 1e-9);
  EXPECT_NEAR(inverse_residual(objective, w, 1.5 * solved, vectors, settings), 0.5, 1e-9);
  EXPECT_NEAR(inverse_residual(objective, w, torch::zeros_like(solved), vectors, settings), 1, 1e-12);
  EXPECT_EQ(inverse_residual(objective, w, torch::zeros_like(solved), torch::zeros_like(vectors), settings), 0);
}

TEST(InverseCurvature, LissaSamplesHaveNoMoreRowsThanTheTask) {
  const SharedObjective objective = fifty_parameters();
  const Tensor w = objective.start(0), vectors = torch::ones({1, 50}, torch::kFloat64);
  // 2^60 rows of indices fit no memory.
  const InverseSettings settings{
      .backend = "lissa", .damping = 0.1, .lissa_depth = 2, .lissa_scale = 1000, .lissa_batch = std::int64_t{1} << 60};
  EXPECT_TRUE(at::isfinite(inverse_curvature_products(objective, w, vectors, settings).vectors).all().item<bool>());
}

Tensor diagonal(std::vector<double> values) { return torch::tensor(values, torch::kFloat64).diag(); }

TEST(ConjugateGradients, StopAtNegativeCurvatureAndLeaveZerosAlone) {
  const Tensor h = diagonal({4, 2, -1});
  const CurvatureProduct product = [&](const Tensor& v) { return v.mm(h); };
  const Tensor vectors = torch::tensor({{1.0, 1.0, 0.0}, {0.0, 0.0, 1.0}, {0.0, 0.0, 0.0}}, torch::kFloat64);
  const ConjugateGradientResult found = conjugate_gradients(product, vectors, {.tolerance = 1e-12});
  EXPECT_EQ(found.negative, 1);
  EXPECT_TRUE(close(found.vectors[0], torch::tensor({0.25, 0.5, 0.0}, torch::kFloat64), 1e-14));
  EXPECT_TRUE(close(found.vectors[1], torch::zeros({3}, torch::kFloat64), 0));
  EXPECT_TRUE(close(found.vectors[2], torch::zeros({3}, torch::kFloat64), 0));
}

TEST(ConjugateGradients, APreconditionerSavesIterationsAndChangesNothingElse) {
  const Tensor values = torch::logspace(0, 5, 40, 10, torch::kFloat64),
               vectors = testing::normal({2, 40}).to(torch::kFloat64);
  const CurvatureProduct product = [&](const Tensor& v) { return v * values; };
  const Tensor near = values * (1.5 + testing::normal({40}, 2).to(torch::kFloat64).tanh());
  const auto plain = conjugate_gradients(product, vectors, {.tolerance = 1e-10});
  const auto helped = conjugate_gradients(
      product, vectors, {.tolerance = 1e-10, .preconditioner = [&](const Tensor& v) { return v / near; }});
  EXPECT_TRUE(close(helped.vectors, vectors / values, 1e-8));
  EXPECT_LT(2 * helped.iterations, plain.iterations);
}

TEST(ConjugateGradients, TellWhatIsLeft) {
  const Tensor h = diagonal({1, 10, 100, 1000});
  const Tensor vectors = torch::ones({1, 4}, torch::kFloat64);
  std::int64_t calls = 0;
  const auto found = conjugate_gradients([&](const Tensor& v) { return v.mm(h); }, vectors, {.iterations = 2},
                                         [&](std::int64_t, double) { ++calls; });
  EXPECT_EQ(found.iterations, 2);
  EXPECT_EQ(calls, 2);
  EXPECT_NEAR(found.residual, ((vectors - found.vectors.mm(h)).norm() / vectors.norm()).item<double>(), 1e-12);
}

TEST(Lissa, SaysWhenItDiverges) {
  const Tensor h = diagonal({5});
  const auto product = [&](const Tensor& v, std::int64_t) { return v.mm(h); };
  EXPECT_THROW(lissa(product, torch::ones({1, 1}, torch::kFloat64), {.scale = 2}), NonFiniteError);
}

TEST(Arnoldi, KeepsTheLargestEigenvaluesAndDropsThoseBelowZero) {
  const Tensor h = diagonal({-9, 7, 5, 3, 1});
  const CurvatureBasis basis = arnoldi_basis([&](const Tensor& v) { return v.mm(h); }, 5, 5, 3, 1);
  EXPECT_EQ(basis.dropped, 1);
  EXPECT_TRUE(close(basis.values, torch::tensor({7.0, 5.0}, torch::kFloat64), 1e-10));
  const Tensor found = products_in_basis(basis, torch::ones({1, 5}, torch::kFloat64));
  EXPECT_TRUE(close(found, torch::tensor({{0.0, 1 / 7.0, 0.2, 0.0, 0.0}}, torch::kFloat64), 1e-10));
}

TEST(Arnoldi, EndsWhereTheKrylovSpaceDoes) {
  const Tensor h = diagonal({2, 2, 2, 5});
  const CurvatureBasis basis = arnoldi_basis([&](const Tensor& v) { return v.mm(h); }, 4, 4, 4, 1);
  EXPECT_TRUE(close(basis.values, torch::tensor({5.0, 2.0}, torch::kFloat64), 1e-10));
}

TEST(LargestEigenvalue, IsFound) {
  const Tensor h = diagonal({1, 3, 8});
  EXPECT_NEAR(largest_eigenvalue([&](const Tensor& v) { return v.mm(h); }, 3, 1, 60), 8, 1e-8);
  EXPECT_EQ(largest_eigenvalue([&](const Tensor& v) { return 0 * v; }, 3, 1), 0);
}

}  // namespace
}  // namespace infomtl::ops
