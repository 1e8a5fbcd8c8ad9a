#include "losses/given_gradient.h"

#include <torch/autograd.h>

#include "infomtl/core/errors.h"
#include "support/compare.h"

namespace infomtl {
namespace {

using testing::close;
using torch::Tensor;

TEST(GivenGradient, IsASummandWithThatGradient) {
  const Tensor x = torch::tensor({1.0, 2.0}).requires_grad_(true), y = torch::tensor({3.0}).requires_grad_(true);
  const Tensor given = with_given_gradient(torch::tensor(5.0), {x, y}, {torch::tensor({0.5, -1.0}), Tensor()});
  const Tensor loss = 2 * given + x.sum() + y.sum();
  EXPECT_EQ(loss.item<double>(), 16);
  loss.backward();
  EXPECT_TRUE(close(x.grad(), torch::tensor({2.0, -1.0}), 0));
  EXPECT_TRUE(close(y.grad(), torch::tensor({1.0}), 0));
}

// The number does not know how its gradient depends on the tensors: 0 would be a silently wrong second derivative.
TEST(GivenGradient, RefusesASecondDerivative) {
  const Tensor x = torch::tensor({1.0, 2.0}).requires_grad_(true);
  const Tensor loss = with_given_gradient(x.square().sum(), {x}, {2 * x.detach()}) + x.sum();
  try {
    torch::autograd::grad({loss}, {x}, {}, true, /*create_graph=*/true);
    FAIL() << "a gradient of a given gradient was promised";
  } catch (const StateError& error) {
    EXPECT_NE(std::string(error.what()).find("adversarial_parameters"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(close(torch::autograd::grad({loss}, {x})[0], torch::tensor({3.0, 5.0}), 0));
}

}  // namespace
}  // namespace infomtl
