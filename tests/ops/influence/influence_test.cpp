// Properties of influence functions, which no one file has: what the parts say together about training without a row.
#include "infomtl/ops/influence/inverse_curvature.h"
#include "ops/influence/problems.h"
#include "support/compare.h"

namespace infomtl::ops {
namespace {

using testing::close;
using testing::influence_rows;
using testing::quadratic_minimum;
using torch::Tensor;

constexpr std::int64_t kTaskRows = 15;

SharedObjective two_regressions(const SharedSettings& settings) {
  return {{influence_rows(OutputLoss::squared_error, kTaskRows, 4, 1, 1),
           influence_rows(OutputLoss::squared_error, kTaskRows, 4, 1, 2)},
          settings};
}

/// The objective with another weight on one row of the first task.
SharedObjective with_weight(const SharedObjective& objective, std::int64_t row, double weight) {
  LabelledFeatures task = objective.tasks()[0];
  task.weights = torch::full({kTaskRows}, 1.0 / kTaskRows, torch::kFloat64);
  task.weights[row] = weight;
  return objective.with_rows(0, task);
}

/// The gradient of one row's loss, in all parameters.
Tensor row_gradient(const SharedObjective& objective, const Tensor& w, std::int64_t row) {
  return objective.row_products(w, 0, torch::eye(w.size(0), torch::kFloat64))[row];
}

const std::vector<SharedSettings>& convex_sharing() {
  static const std::vector<SharedSettings> kSharing = {
      {.part = SharedPart::common, .ridge = 0.05},
      {.part = SharedPart::none, .soft = true, .penalty = 0.3, .ridge = 0.05}};
  return kSharing;
}

TEST(Influence, IsTheDerivativeOfTheMinimumInARowsWeight) {  // PT-5.2
  constexpr double kStep = 1e-5;
  for (const SharedSettings& sharing : convex_sharing()) {
    const SharedObjective objective = two_regressions(sharing);
    const Tensor w = quadratic_minimum(objective);
    for (const std::int64_t row : {0, 7}) {
      const Tensor up = quadratic_minimum(with_weight(objective, row, 1.0 / kTaskRows + kStep));
      const Tensor down = quadratic_minimum(with_weight(objective, row, 1.0 / kTaskRows - kStep));
      const Tensor gradient = row_gradient(objective, w, row).unsqueeze(0);
      const Tensor moved = inverse_curvature_products(objective, w, gradient, {.backend = "explicit"}).vectors[0];
      EXPECT_TRUE(close(-moved, (up - down) / (2 * kStep), 0, 1e-7));
    }
  }
}

TEST(Influence, IsExactForQuadraticLossesWithTheCurvatureOfTheOtherRows) {  // PT-5.3
  for (const SharedSettings& sharing : convex_sharing()) {
    const SharedObjective objective = two_regressions(sharing);
    const Tensor w = quadratic_minimum(objective);
    for (const std::int64_t row : {2, 11}) {
      const SharedObjective without = with_weight(objective, row, 0);
      const Tensor gradient = row_gradient(objective, w, row).unsqueeze(0);
      const Tensor step =
          inverse_curvature_products(without, w, gradient, {.backend = "explicit"}).vectors[0] / kTaskRows;
      EXPECT_TRUE(close(w + step, quadratic_minimum(without), 1e-10));
    }
  }
}

TEST(Influence, OnAnotherTaskIsNothingWhereNothingIsShared) {  // PT-5.4
  const SharedObjective objective({influence_rows(OutputLoss::cross_entropy, kTaskRows, 4, 3, 1),
                                   influence_rows(OutputLoss::cross_entropy, kTaskRows, 4, 2, 2)},
                                  {.part = SharedPart::none, .ridge = 0.05});
  const Tensor w = testing::minimum_of(objective);
  const SharedObjective validation = objective.with_rows(1, influence_rows(OutputLoss::cross_entropy, 9, 4, 2, 3));
  const Tensor target = validation.task_loss(w, 1).gradient.unsqueeze(0);
  for (const char* backend : {"explicit", "cg", "ekfac"}) {
    const Tensor inverse = inverse_curvature_products(objective, w, target, {.backend = backend}).vectors;
    EXPECT_EQ(objective.row_products(w, 0, inverse).abs().max().item<double>(), 0) << backend;
    EXPECT_GT(objective.row_products(w, 1, inverse).abs().min().item<double>(), 0) << backend;
  }
}

TEST(Influence, OfTwoEqualTasksTiedTightlyIsThatOfOnePooledTask) {  // PT-5.7
  constexpr double kRidge = 0.05;
  const LabelledFeatures rows = influence_rows(OutputLoss::squared_error, kTaskRows, 4, 1, 1);
  const LabelledFeatures validation = influence_rows(OutputLoss::squared_error, 9, 4, 1, 2);
  const SharedObjective tied({rows, rows}, {.part = SharedPart::none, .soft = true, .penalty = 1e7, .ridge = kRidge});
  // One head read by both tasks; three copies of it, the common point's too, each bear the ridge.
  LabelledFeatures both = rows;
  both.weights = torch::full({kTaskRows}, 2.0 / kTaskRows, torch::kFloat64);
  const SharedObjective pooled({both}, {.part = SharedPart::none, .ridge = 3 * kRidge});
  const auto influence = [&](const SharedObjective& objective, std::size_t target) {
    const Tensor w = quadratic_minimum(objective);
    const Tensor gradient = objective.with_rows(target, validation).task_loss(w, target).gradient.unsqueeze(0);
    return objective.row_products(w, 0,
                                  inverse_curvature_products(objective, w, gradient, {.backend = "explicit"}).vectors);
  };
  const Tensor expected = influence(pooled, 0);
  EXPECT_TRUE(close(influence(tied, 0), expected, 0, 1e-5)) << "within";
  EXPECT_TRUE(close(influence(tied, 1), expected, 0, 1e-5)) << "between";
}

}  // namespace
}  // namespace infomtl::ops
