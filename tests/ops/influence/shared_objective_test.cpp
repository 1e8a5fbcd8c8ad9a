#include "infomtl/ops/influence/shared_objective.h"

#include "infomtl/core/errors.h"
#include "ops/influence/problems.h"
#include "support/compare.h"

namespace infomtl::ops {
namespace {

using testing::close;
using testing::influence_rows;
using torch::Tensor;

constexpr OutputLoss kLosses[] = {OutputLoss::cross_entropy, OutputLoss::binary_cross_entropy,
                                  OutputLoss::squared_error};

SharedObjective three_kinds(const SharedSettings& settings) {
  const bool alike = settings.part != SharedPart::adapter;
  std::vector<LabelledFeatures> tasks;
  for (std::size_t k = 0; k < 3; ++k) {
    const OutputLoss loss = alike && kLosses[k] == OutputLoss::squared_error ? OutputLoss::cross_entropy : kLosses[k];
    tasks.push_back(
        influence_rows(loss, 9 + static_cast<std::int64_t>(k), 5, loss == OutputLoss::squared_error ? 1 : 3, 10 + k));
  }
  return {tasks, settings};
}

std::vector<SharedObjective> all_kinds_of_sharing() {
  std::vector<SharedObjective> found;
  for (const SharedPart part : {SharedPart::none, SharedPart::common, SharedPart::adapter}) {
    for (const bool soft : {false, true}) {
      if (part == SharedPart::common && soft) continue;
      found.push_back(three_kinds({.part = part, .rank = 2, .soft = soft, .penalty = 0.3, .ridge = 0.02}));
    }
  }
  return found;
}

Tensor some_point(const SharedObjective& objective) {
  return testing::normal({objective.places().total}, 5).to(torch::kFloat64);
}

TEST(SharedObjective, GradientIsThatOfCentralDifferences) {
  constexpr double kStep = 1e-5;
  for (const SharedObjective& objective : all_kinds_of_sharing()) {
    const Tensor w = some_point(objective), gradient = objective.value_and_gradient(w).gradient;
    Tensor expected = torch::zeros_like(w);
    for (std::int64_t i = 0; i < w.size(0); ++i) {
      Tensor unit = torch::zeros_like(w);
      unit[i] = kStep;
      expected[i] =
          (objective.value_and_gradient(w + unit).value - objective.value_and_gradient(w - unit).value) / (2 * kStep);
    }
    EXPECT_TRUE(close(gradient, expected, 1e-8, 1e-8));
  }
}

TEST(SharedObjective, HessianIsThatOfCentralDifferences) {
  constexpr double kStep = 1e-5;
  for (const SharedObjective& objective : all_kinds_of_sharing()) {
    const Tensor w = some_point(objective);
    const Tensor vectors = testing::normal({4, w.size(0)}, 6).to(torch::kFloat64);
    const Tensor product = objective.curvature_product(w, vectors, Curvature::hessian);
    for (std::int64_t q = 0; q < 4; ++q) {
      const Tensor up = objective.value_and_gradient(w + kStep * vectors[q]).gradient;
      const Tensor down = objective.value_and_gradient(w - kStep * vectors[q]).gradient;
      EXPECT_TRUE(close(product[q], (up - down) / (2 * kStep), 1e-7, 1e-7));
    }
  }
}

TEST(SharedObjective, GaussNewtonIsTheHessianWhereTheLossIsConvexAndPositiveAnywhere) {
  for (const SharedObjective& objective : all_kinds_of_sharing()) {
    const Tensor w = some_point(objective);
    const Tensor gauss_newton = testing::dense_curvature(objective, w, Curvature::gauss_newton);
    const Tensor hessian = testing::dense_curvature(objective, w, Curvature::hessian);
    EXPECT_TRUE(close(gauss_newton, gauss_newton.t(), 1e-12));
    EXPECT_GE(at::linalg_eigvalsh(gauss_newton).min().item<double>(), 0.02 - 1e-10) << "the ridge";
    EXPECT_EQ(static_cast<bool>(close(gauss_newton, hessian, 1e-12)), objective.convex());
  }
}

TEST(SharedObjective, RowsHaveTheGradientsOfTheirTask) {
  for (const SharedObjective& objective : all_kinds_of_sharing()) {
    const Tensor w = some_point(objective), units = torch::eye(w.size(0), torch::kFloat64);
    for (std::size_t k = 0; k < 3; ++k) {
      const Tensor rows = objective.row_products(w, k, units);  // [n, P]: every gradient in full
      ASSERT_EQ(rows.size(0), objective.tasks()[k].features.size(0));
      EXPECT_TRUE(close(rows.mean(0), objective.task_loss(w, k).gradient, 1e-13));
      LabelledFeatures one = objective.tasks()[k];
      one.weights = torch::zeros({rows.size(0)}, torch::kFloat64);
      one.weights[3] = 1;
      EXPECT_TRUE(close(rows[3], objective.with_rows(k, one).task_loss(w, k).gradient, 1e-13));
    }
  }
}

TEST(SharedObjective, BlocksOfRowsChangeNothing) {
  std::vector<LabelledFeatures> tasks = {influence_rows(OutputLoss::cross_entropy, 300, 4, 3, 1)};
  const SharedObjective objective(tasks, {.part = SharedPart::adapter, .rank = 2});
  const Tensor w = some_point(objective);
  std::int64_t blocks = 0, rows = 0;
  objective.visit(w, 0, std::int64_t{1} << 16, [&](const RowBlock& block) {
    ++blocks;
    rows += block.outputs.size(0);
  });
  EXPECT_EQ(blocks, 5);
  EXPECT_EQ(rows, 300);
  // Many vectors make small blocks, one vector a large one.
  const Tensor many = testing::normal({9000, w.size(0)}, 2).to(torch::kFloat64);
  const Tensor together = objective.curvature_product(w, many, Curvature::hessian);
  EXPECT_TRUE(close(together.narrow(0, 17, 1),
                    objective.curvature_product(w, many.narrow(0, 17, 1), Curvature::hessian), 1e-12));
}

TEST(SharedObjective, SubsetsAreWeighedByTheirSize) {
  const SharedObjective objective = three_kinds({.part = SharedPart::adapter, .rank = 2});
  const Tensor w = some_point(objective);
  const Tensor rows = torch::tensor({1, 4, 4, 7}, torch::kInt64);
  const SharedObjective some = objective.subset({rows, rows, rows});
  const Tensor all = objective.row_products(w, 1, torch::eye(w.size(0), torch::kFloat64));
  EXPECT_TRUE(close(some.task_loss(w, 1).gradient, all.index_select(0, rows).mean(0), 1e-13));
}

TEST(SharedObjective, WrongShapesAreRefused) {
  const LabelledFeatures wide = influence_rows(OutputLoss::cross_entropy, 8, 5, 3, 1);
  const LabelledFeatures narrow = influence_rows(OutputLoss::cross_entropy, 8, 4, 3, 1);
  const LabelledFeatures two = influence_rows(OutputLoss::cross_entropy, 8, 5, 2, 1);
  EXPECT_THROW(SharedObjective({}, {}), ShapeError);
  EXPECT_THROW(SharedObjective({wide, narrow}, {}), ShapeError);
  EXPECT_THROW(SharedObjective({wide, two}, {.part = SharedPart::common}), ShapeError);
  EXPECT_NO_THROW(SharedObjective({wide, two}, {.part = SharedPart::adapter}));
}

}  // namespace
}  // namespace infomtl::ops
