#include "infomtl/ops/influence/ekfac.h"

#include "infomtl/core/errors.h"
#include "ops/influence/problems.h"
#include "support/compare.h"

namespace infomtl::ops {
namespace {

using testing::close;
using torch::Tensor;

TEST(Ekfac, IsExactWhereInputsAndGradientsAreIndependent) {  // PT-5.6
  // Every input with every gradient: independent under the empirical distribution.
  const Tensor inputs = testing::normal({7, 4}, 1).to(torch::kFloat64);
  const Tensor gradients = testing::normal({5, 3}, 2).to(torch::kFloat64);
  const Tensor a = inputs.repeat_interleave(5, 0), g = gradients.repeat({7, 1}).unsqueeze(1);
  const Tensor weights = torch::full({35}, 1 / 35.0, torch::kFloat64);
  EkfacLayer layer;
  layer.add_covariances(a, g, weights);
  layer.rotate();
  layer.add_eigenvalues(a, g, weights);
  // The Fisher matrix of outer products, output by output.
  const Tensor rows = (g.transpose(1, 2) * a.unsqueeze(1)).reshape({35, 12});
  const Tensor fisher = rows.t().mm(rows) / 35 + 0.01 * torch::eye(12, torch::kFloat64);
  const Tensor vectors = testing::normal({4, 12}, 3).to(torch::kFloat64);
  EXPECT_TRUE(close(layer.inverse_products(vectors, 0.01), at::linalg_solve(fisher, vectors.t()).t(), 0, 1e-10));
}

TEST(Ekfac, HasTheDiagonalOfTheCurvatureInItsOwnDirections) {
  // Not exact where inputs and gradients go together, but right along its eigenvectors.
  const Tensor a = testing::normal({20, 4}, 1).to(torch::kFloat64);
  const Tensor g = (testing::normal({20, 3}, 2).to(torch::kFloat64) * a.narrow(1, 0, 3)).unsqueeze(1);
  const Tensor weights = torch::full({20}, 0.05, torch::kFloat64);
  EkfacLayer layer;
  layer.add_covariances(a, g, weights);
  layer.rotate();
  layer.add_eigenvalues(a, g, weights);
  const Tensor rows = (g.transpose(1, 2) * a.unsqueeze(1)).reshape({20, 12});
  const Tensor fisher = rows.t().mm(rows) / 20, units = torch::eye(12, torch::kFloat64);
  const auto [values, vectors] = at::linalg_eigh(at::linalg_inv(layer.inverse_products(units, 0.5)));
  const Tensor along = vectors.t().mm(fisher).mm(vectors).diagonal();
  EXPECT_TRUE(close(values - 0.5, along, 1e-9));
}

TEST(Ekfac, OfAnObjectiveIsTheGaussNewtonOfALinearRegression) {
  // All rows bend alike there, so inputs and gradients are independent.
  const LabelledFeatures task = testing::influence_rows(OutputLoss::squared_error, 30, 6, 1, 1);
  const SharedObjective objective({task}, {.part = SharedPart::none, .ridge = 0.1});
  const Tensor w = testing::quadratic_minimum(objective);
  const Tensor vectors = testing::normal({2, w.size(0)}, 2).to(torch::kFloat64);
  const Tensor dense = testing::dense_curvature(objective, w, Curvature::gauss_newton);
  EXPECT_TRUE(close(EkfacInverse(objective, w).times(vectors), at::linalg_solve(dense, vectors.t()).t(), 0, 1e-10));
}

TEST(Ekfac, ComesNearTheCurvatureOfAnAdapter) {
  std::vector<LabelledFeatures> tasks;
  for (std::uint64_t k = 0; k < 2; ++k) {
    tasks.push_back(testing::influence_rows(OutputLoss::cross_entropy, 200, 8, 3, 1 + k));
  }
  const SharedObjective objective(tasks, {.part = SharedPart::adapter, .rank = 3, .ridge = 0.05});
  const Tensor w = testing::minimum_of(objective);
  const Tensor vectors = at::stack({objective.task_loss(w, 0).gradient, objective.task_loss(w, 1).gradient});
  const Tensor dense = testing::dense_curvature(objective, w, Curvature::gauss_newton);
  const Tensor expected = at::linalg_solve(dense, vectors.t()).t();
  const Tensor found = EkfacInverse(objective, w).times(vectors);
  EXPECT_GT(((found * expected).sum() / (found.norm() * expected.norm())).item<double>(), 0.8);
}

TEST(Ekfac, RefusesSoftSharingAndASingularLayer) {
  const LabelledFeatures task = testing::influence_rows(OutputLoss::squared_error, 3, 6, 1, 1);
  const Tensor vectors = torch::ones({1, 7}, torch::kFloat64), w = torch::zeros({7}, torch::kFloat64);
  EXPECT_THROW(EkfacInverse(SharedObjective({task}, {.ridge = 0}), w).times(vectors), UserError);
  const SharedObjective soft({task}, {.soft = true});
  const Tensor all = torch::ones({1, soft.places().total}, torch::kFloat64);
  EXPECT_THROW(EkfacInverse(soft, all[0]), UserError);
}

}  // namespace
}  // namespace infomtl::ops
