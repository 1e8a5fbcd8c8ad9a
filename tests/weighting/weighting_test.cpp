#include <gtest/gtest.h>

#include <map>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/weighting/equal.h"
#include "infomtl/weighting/forwarding_task_gradients.h"
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

std::map<std::string, double> told(const GradientWeighting& weighting) {
  const auto diagnostics = weighting.diagnostics();
  return {diagnostics.begin(), diagnostics.end()};
}

TEST(Diagnostics, TellCosinesConflictsAndWhatASolverFound) {
  for (const char* name : {"pcgrad", "mgda", "nash_mtl", "imtl"}) {
    auto weighting = build({{"name", name}}, 3);
    EXPECT_TRUE(weighting->diagnostics().empty()) << name;
    LinearTaskGradients problem(torch::tensor({1.0f, 1.0f, 2.0f}), matrix({2, 0, -1, 1, 0, 3}, 3));
    weighting->backward(problem);
    std::map<std::string, double> found = told(*weighting);
    EXPECT_NEAR(found.at("cosine/0/1"), -std::sqrt(0.5), 1e-6) << name;
    EXPECT_NEAR(found.at("cosine/0/2"), 0.0, 1e-6) << name;
    EXPECT_NEAR(found.at("cosine/1/2"), std::sqrt(0.5), 1e-6) << name;
    EXPECT_NEAR(found.at("conflicts"), 1.0 / 3, 1e-12) << name;
    EXPECT_EQ(found.contains("residual"), std::string(name) != "pcgrad") << name;
    if (found.contains("stationary")) {
      EXPECT_EQ(found.at("stationary"), 0.0) << name;
    }
  }
  auto stuck = build({{"name", "mgda"}}, 2);
  LinearTaskGradients opposite(torch::tensor({1.0f, 1.0f}), matrix({1, 0, -1, 0}, 2));
  stuck->backward(opposite);
  EXPECT_EQ(told(*stuck).at("stationary"), 1.0);
  EXPECT_EQ(told(*stuck).at("conflicts"), 1.0);
}

TEST(Diagnostics, OfSmoothingAreTheWeightsAndWhatTheInnerOneTells) {
  auto weighting = build({{"name", "smoothed"}, {"inner", "pcgrad"}, {"memory", 0.5}}, 2);
  EXPECT_TRUE(weighting->diagnostics().empty());
  LinearTaskGradients first(torch::tensor({1.0f, 1.0f}), matrix({1, 0, 0, 1}, 2)),
      second(torch::tensor({1.0f, 1.0f}), matrix({1, 0, -1, 1}, 2));
  weighting->backward(first);
  weighting->backward(second);
  const auto found = told(*weighting);
  EXPECT_NEAR(found.at("smoothed/t0"), second.weights[0].item<double>(), 1e-12);
  EXPECT_NEAR(found.at("smoothed/t1"), second.weights[1].item<double>(), 1e-12);
  EXPECT_NEAR(found.at("inner/conflicts"), 1.0, 1e-12);
}

/// Doubles the weights, and nothing else.
class Doubled final : public ForwardingTaskGradients {
 public:
  using ForwardingTaskGradients::ForwardingTaskGradients;
  void apply_weights(const torch::Tensor& weights, const torch::Tensor& heads) override {
    inner().apply_weights(2 * weights, heads);
  }
};

TEST(ForwardingTaskGradients, PassOnWhatTheyDoNotChange) {
  LinearTaskGradients given(torch::tensor({1.0f, 2.0f}), matrix({1, 2, 3, 4}, 2), 5), other = given;
  given.add_independent(other);
  given.set_step(7, 3);
  given.set_losses_after(torch::tensor({0.5f, 0.25f}));
  given.set_representations({torch::ones({2, 2})}, {torch::zeros({2, 2})});
  Doubled doubled(given);
  EXPECT_EQ(doubled.task_count(), 5U);
  EXPECT_EQ(doubled.tasks(), given.tasks());
  EXPECT_EQ(&doubled.independent(0), &other);
  EXPECT_EQ(doubled.step(), 7);
  EXPECT_EQ(doubled.epoch(), 3);
  EXPECT_EQ(doubled.random().next(), given.random().next());
  EXPECT_TRUE(at::equal(doubled.losses(), given.losses()));
  EXPECT_TRUE(at::equal(doubled.gram(), given.gram()));
  EXPECT_TRUE(at::equal(doubled.jacobian(), given.jacobian()));
  EXPECT_TRUE(at::equal(doubled.reevaluate_losses(), given.reevaluate_losses()));
  EXPECT_TRUE(at::equal(doubled.losses_at(torch::ones({2})), given.losses_at(torch::ones({2}))));
  EXPECT_TRUE(at::equal(doubled.jacobian_at(torch::ones({2})), given.jacobian()));
  EXPECT_TRUE(at::equal(doubled.representations()[0], torch::ones({2, 2})));
  EXPECT_TRUE(at::equal(doubled.representation_gradients()[0], torch::zeros({2, 2})));
  doubled.add_after([] { return torch::ones({2}); });
  EXPECT_EQ(given.additions.size(), 1U);
  Equal().backward(doubled);
  EXPECT_TRUE(close(given.direction, torch::tensor({8.0f, 12.0f}), 1e-6));
  doubled.apply_direction(torch::zeros({2}), {});
  doubled.apply_representation_gradients({torch::ones({2, 2})});
  EXPECT_EQ(given.applied, 3);
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

TEST(WeightingCatalogue, UnboundedNumbersAreFew) {
  // A number that may be anything is one that somebody forgot to bound, but for these.
  const std::set<std::string> unbounded = {"uncertainty.initial_log_variance", "imtl_l.initial_log_scale",
                                           "famo.minimum"};
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    for (const FieldInfo& option : entry.options) {
      if (option.type != "number" && option.type != "integer") continue;
      const std::string name = entry.name + "." + option.name;
      EXPECT_EQ(option.allowed.empty(), unbounded.contains(name)) << name;
    }
  }
}

}  // namespace
}  // namespace infomtl
