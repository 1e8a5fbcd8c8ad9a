#include <gtest/gtest.h>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/weighting/equal.h"
#include "support/compare.h"
#include "support/linear_task_gradients.h"
#include "weighting/weighting_tasks.h"

namespace infomtl {
namespace {

using testing::close;
using testing::LinearTaskGradients;
using testing::weighting_tasks;

std::shared_ptr<GradientWeighting> build(const Json& config, std::size_t count, bool joint = true) {
  return build_weighting(Config::from_json(config, "test"), weighting_tasks(count, joint));
}

torch::Tensor matrix(std::vector<double> values, std::int64_t rows) {
  return torch::tensor(values, torch::kFloat32).reshape({rows, -1});
}

TEST(Equal, AddsTheTaskGradients) {  // PT-7.1
  LinearTaskGradients problem(torch::tensor({1.0f, 2.0f}), matrix({1, 2, 3, 4}, 2));
  Equal().backward(problem);
  EXPECT_TRUE(close(problem.direction, torch::tensor({4.0f, 6.0f}), 1e-6));
  EXPECT_EQ(problem.applied, 1);
  EXPECT_EQ(problem.jacobian_calls, 0);
}

TEST(Equal, MeanDividesByTheTasksOfTheExperimentAlsoWhenOneIsInTheStep) {
  LinearTaskGradients problem(torch::tensor({1.0f}), matrix({6, 3}, 1), 3);
  Equal({.reduction = "mean"}, weighting_tasks(3)).backward(problem);
  EXPECT_TRUE(close(problem.direction, torch::tensor({2.0f, 1.0f}), 1e-6));
}

TEST(Uncertainty, LogVarianceConvergesToTheLogOfAFixedLoss) {  // PT-7.3
  auto weighting = build({{"name", "uncertainty"}}, 2);
  torch::Tensor s = weighting->parameters()[0];
  for (int i = 0; i < 4000; ++i) {
    LinearTaskGradients problem(torch::tensor({0.3f, 5.0f}), matrix({1, 0, 0, 1}, 2));
    weighting->zero_grad();
    weighting->backward(problem);
    torch::NoGradGuard no_grad;
    s -= 0.05 * s.grad();
  }
  EXPECT_TRUE(close(s, torch::tensor({0.3f, 5.0f}).log(), 1e-4));
}

TEST(Uncertainty, AlternatingMovesOnlyTheTaskOfTheStep) {
  auto weighting = build({{"name", "uncertainty"}}, 3, false);
  LinearTaskGradients problem(torch::tensor({2.0f}), matrix({1, 1}, 1), 3);
  problem.set_tasks({1});
  weighting->backward(problem);
  const torch::Tensor gradient = weighting->parameters()[0].grad();
  EXPECT_EQ(gradient[0].item<float>(), 0.0f);
  EXPECT_EQ(gradient[2].item<float>(), 0.0f);
  EXPECT_NEAR(gradient[1].item<float>(), 0.5 - 0.5 * std::exp(0.5) * 2.0, 1e-5);
  EXPECT_NEAR(problem.head_weights[0].item<float>(), 0.5 * std::exp(0.5), 1e-5);
}

TEST(PcGrad, TwoConflictingTasks) {  // PT-7.7
  auto weighting = build({{"name", "pcgrad"}}, 2);
  LinearTaskGradients problem(torch::tensor({1.0f, 1.0f}), matrix({1, 0, -1, 1}, 2));
  weighting->backward(problem);
  EXPECT_TRUE(close(problem.direction, torch::tensor({0.5f, 1.5f}), 1e-6));
  EXPECT_TRUE(close(problem.head_weights, torch::ones({2}), 0));
}

TEST(WeightingRegistry, RefusesAJointMethodInTheAlternatingRegime) {
  const Config config = Config::from_json({{"name", "pcgrad"}}, "x.json");
  EXPECT_NO_THROW(build_weighting(config, weighting_tasks(2, true)));
  try {
    build_weighting(config, weighting_tasks(2, false));
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("\"regime\": \"joint\""), std::string::npos) << error.what();
  }
}

TEST(WeightingRegistry, UnknownOptionIsAnErrorWithTheNearestName) {
  try {
    build_weighting(Config::from_json({{"name", "equal"}, {"reductoin", "mean"}}, "x.json"), weighting_tasks(2));
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("reduction"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace infomtl
