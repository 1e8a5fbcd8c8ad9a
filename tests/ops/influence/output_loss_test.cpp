#include "infomtl/ops/influence/output_loss.h"

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/classification.h"
#include "support/compare.h"
#include "support/normal.h"

namespace infomtl::ops {
namespace {

using testing::close;
using torch::Tensor;

struct OutputLossCase {
  OutputLoss loss;
  Tensor outputs, labels;
  Tensor trained;  // the sum of the loss that trains
};

std::vector<OutputLossCase> output_loss_cases() {
  const Tensor logits = 2 * testing::normal({6, 3}, 1).to(torch::kFloat64), values = logits.narrow(1, 0, 1);
  const Tensor classes = torch::tensor({0, 2, 1, 1, 0, 2}, torch::kInt64);
  const Tensor sets = (testing::normal({6, 3}, 2) > 0).to(torch::kFloat32), numbers = testing::normal({6}, 3);
  return {{OutputLoss::cross_entropy, logits, classes, ops::cross_entropy(logits, classes).sum},
          {OutputLoss::binary_cross_entropy, logits, sets, ops::binary_cross_entropy(logits, sets).sum},
          {OutputLoss::squared_error, values, numbers, ops::squared_error(values, numbers).sum}};
}

TEST(OutputLosses, AreThoseThatTrain) {
  for (const OutputLossCase& each : output_loss_cases()) {
    EXPECT_TRUE(close(output_losses(each.loss, each.outputs, each.labels).sum(), each.trained, 1e-12));
  }
}

TEST(OutputLosses, HaveTheGradientsAndCurvaturesOfCentralDifferences) {
  constexpr double kStep = 1e-5;
  for (const OutputLossCase& each : output_loss_cases()) {
    const Tensor gradients = output_gradients(each.loss, each.outputs, each.labels);
    for (std::int64_t c = 0; c < each.outputs.size(1); ++c) {
      Tensor direction = torch::zeros_like(each.outputs);
      direction.select(1, c).fill_(1);
      const Tensor up = each.outputs + kStep * direction, down = each.outputs - kStep * direction;
      const Tensor slope =
          (output_losses(each.loss, up, each.labels) - output_losses(each.loss, down, each.labels)) / (2 * kStep);
      EXPECT_TRUE(close(gradients.select(1, c), slope, 1e-9));
      const Tensor bend =
          (output_gradients(each.loss, up, each.labels) - output_gradients(each.loss, down, each.labels)) / (2 * kStep);
      const Tensor product = output_curvature_products(each.loss, each.outputs, direction.unsqueeze(1)).squeeze(1);
      EXPECT_TRUE(close(product, bend, 1e-9));
    }
  }
}

TEST(OutputLosses, CurvaturesAreTheProductsOfTheirRoots) {
  for (const OutputLossCase& each : output_loss_cases()) {
    const Tensor roots = output_curvature_roots(each.loss, each.outputs);
    const Tensor units = torch::eye(each.outputs.size(1), torch::kFloat64).expand({6, -1, -1});
    EXPECT_TRUE(
        close(roots.transpose(1, 2).matmul(roots), output_curvature_products(each.loss, each.outputs, units), 1e-14));
  }
}

TEST(OutputLosses, WrongShapesAreRefused) {
  const Tensor logits = torch::zeros({4, 3}, torch::kFloat64);
  EXPECT_THROW(output_losses(OutputLoss::cross_entropy, logits, torch::zeros({3}, torch::kInt64)), ShapeError);
  EXPECT_THROW(output_gradients(OutputLoss::binary_cross_entropy, logits, torch::zeros({4})), ShapeError);
  EXPECT_THROW(output_losses(OutputLoss::squared_error, logits, torch::zeros({4})), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
