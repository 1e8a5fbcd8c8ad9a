#include "losses/information_bound.h"

#include <gtest/gtest.h>

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/losses/shared_information_maximization.h"
#include "infomtl/ops/information/bounds.h"
#include "infomtl/ops/information/critics.h"
#include "losses/critic.h"
#include "losses/term_cases.h"

namespace infomtl {
namespace {

using testing::close;
using testing::random_rows;
using testing::term_of;
using testing::viewed_step;

const Tensor kFirst = random_rows(1, 5), kSecond = random_rows(2, 5);

Json simax(const std::string& bound, const std::string& critic = "cosine") {
  return {{"name", "simax"}, {"bound", bound}, {"critic", critic}, {"critic_width", 4}};
}

TEST(SimaxBounds, AreThePureFunctionsOfTheScores) {
  const Tensor scores = ops::cosine_scores(kFirst, kSecond, 0.5);
  const std::vector<std::pair<std::string, Tensor>> expected = {
      {"dv", ops::dv(scores)},
      {"mine", ops::mine(scores).value},
      {"nwj", ops::nwj(scores)},
      {"jsd", ops::jsd(scores)},
      {"smile", ops::smile_objective(scores, 0.7)},
  };
  for (const auto& [bound, value] : expected) {
    Json config = simax(bound);
    config["temperature"] = 0.5;
    config["clip"] = 0.7;
    auto step = viewed_step(kFirst, kSecond);
    const LossValue found = term_of(config)->compute(step);
    EXPECT_TRUE(close(found.sum, value * -5, 1e-12)) << bound;
    EXPECT_EQ(found.count.item<double>(), 5) << bound;
  }
  // The default and the same written out, bit for bit; the bound is log B below the loss.
  auto step = viewed_step(kFirst, kSecond);
  const Tensor plain = SharedInformationMaximization({.temperature = 0.5}).compute(step).mean();
  EXPECT_TRUE(close(plain, std::log(5.0) - ops::infonce(scores), 1e-12));
  Json config = simax("infonce");
  config["temperature"] = 0.5;
  EXPECT_TRUE(at::equal(term_of(config)->compute(step).mean(), plain));
}

TEST(SimaxBounds, GradientsReachBothViewsAndEveryParameter) {
  for (const std::string& critic : critic_names()) {
    for (const std::string& bound : bound_names()) {
      const auto term = term_of(simax(bound, critic));
      const bool by_another_gradient = bound == "mine" || bound == "smile";  // their values are not what they follow
      const auto loss = [&](const std::vector<Tensor>& views) {
        auto step = viewed_step(views[0], views[1]);
        return term->compute(step).sum;
      };
      if (!by_another_gradient) {
        EXPECT_TRUE(testing::gradients_match(loss, {kFirst, kSecond})) << bound << " " << critic;
        EXPECT_TRUE(testing::parameter_gradients_match(*term,
                                                       [&] {
                                                         return loss({kFirst, kSecond});
                                                       }))
            << bound << " " << critic;
      }
      const Tensor first = kFirst.clone().requires_grad_(true), second = kSecond.clone().requires_grad_(true);
      loss({first, second}).backward();
      EXPECT_GT(first.grad().norm().item<double>(), 0) << bound << " " << critic;
      EXPECT_GT(second.grad().norm().item<double>(), 0) << bound << " " << critic;
      for (const auto& parameter : term->named_parameters()) {
        ASSERT_TRUE(parameter.value().grad().defined()) << bound << " " << critic << " " << parameter.key();
      }
      EXPECT_EQ(term->parameters().empty(), critic == "cosine" && bound != "tuba" && bound != "flo")
          << bound << " " << critic;
    }
  }
}

TEST(SimaxBounds, SmileFollowsTheGradientOfJsd) {  // PT-1.14
  const auto gradient = [&](const char* bound) {
    const Tensor first = kFirst.clone().requires_grad_(true);
    auto step = viewed_step(first, kSecond);
    term_of(simax(bound))->compute(step).sum.backward();
    return first.grad();
  };
  EXPECT_TRUE(close(gradient("smile"), gradient("jsd"), 1e-12));
}

TEST(SimaxBounds, MineMovesItsAverageOnceAStepAndATask) {
  const auto term = term_of({{"name", "simax"}, {"bound", "mine"}, {"momentum", 0.75}});
  const auto gradient = [&](std::size_t task, std::int64_t at) {
    const Tensor first = kFirst.clone().requires_grad_(true);
    auto step = viewed_step(first, kSecond);
    step.index = task;
    step.step_ = at;
    term->compute(step).sum.backward();
    return first.grad();
  };
  const auto expected = [&](const Tensor& average) {
    const Tensor first = kFirst.clone().requires_grad_(true);
    const ops::MineBound bound = ops::mine(ops::cosine_scores(first, kSecond), average, 0.75);
    (bound.value * -5).backward();
    return std::pair(first.grad(), bound.average);
  };
  const auto [at_zero, average] = expected(Tensor());
  const auto [at_one, later] = expected(average);
  EXPECT_FALSE(at::allclose(at_zero, at_one));
  EXPECT_TRUE(close(gradient(0, 0), at_zero, 1e-12));
  EXPECT_TRUE(close(gradient(0, 0), at_zero, 1e-12)) << "a step's pass repeated is the same pass";
  EXPECT_TRUE(close(gradient(0, 1), at_one, 1e-12));
  EXPECT_TRUE(close(gradient(1, 1), at_zero, 1e-12)) << "another task has its own average";
  EXPECT_TRUE(close(gradient(0, 7), expected(later).first, 1e-12));
}

TEST(SimaxBounds, ARowAloneHasNoPair) {
  for (const std::string& bound : bound_names()) {
    for (const std::int64_t rows : {0, 1}) {
      const auto term = term_of(simax(bound, "separable"));
      const Tensor first = kFirst.slice(0, 0, rows).clone().requires_grad_(true);
      auto step = viewed_step(first, kSecond.slice(0, 0, rows));
      const LossValue value = term->compute(step);
      EXPECT_EQ(value.sum.item<double>(), 0) << bound;
      EXPECT_EQ(value.count.item<std::int64_t>(), term->count(step.batch())) << bound;
      EXPECT_EQ(term->count(step.batch()), bound == "infonce" ? rows : 0) << bound;
      value.sum.backward();
      EXPECT_TRUE(close(first.grad(), torch::zeros_like(first), 0)) << bound;
    }
  }
}

TEST(SimaxBounds, ALearnedCriticWorksOverAllTasksOfTheStep) {
  auto first = viewed_step(kFirst, kSecond), second = viewed_step(kSecond, kFirst);
  second.index = 1;
  first.siblings = second.siblings = {&first, &second};
  Json config = simax("infonce", "bilinear");
  config["scope"] = "batch";
  const auto wide = term_of(config), own = term_of(simax("infonce", "bilinear"));
  const Tensor weight = own->parameters().at(0);
  const Tensor scores = ops::bilinear_scores(kSecond, weight, at::cat({kSecond, kFirst}));
  const Tensor expected = (scores.logsumexp(1) - scores.diagonal(5)).sum();
  EXPECT_TRUE(close(wide->compute(second).sum, expected, 1e-9));
  EXPECT_GT(wide->compute(second).sum.item<double>(), own->compute(second).sum.item<double>());
}

TEST(SimaxBounds, ConstantCriticsGiveNoInformation) {  // PT-1.12
  const Tensor same = torch::ones({4, 6}, torch::kFloat64);
  for (const auto& [bound, value] : std::vector<std::pair<std::string, double>>{
           {"infonce", 4 * std::log(4.0)}, {"dv", 0}, {"mine", 0}, {"nwj", 0}, {"smile", 0}}) {
    auto step = viewed_step(same, same);
    EXPECT_TRUE(close(term_of(simax(bound))->compute(step).sum.item<double>(), value, 1e-9)) << bound;
  }
}

TEST(SimaxBounds, MistakesNameTheFieldAndTheCure) {
  const auto message = [](Json config) -> std::string {
    config["name"] = "simax";
    try {
      term_of(config);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message({{"bound", "mine"}, {"scope", "batch"}}).find("set \"scope\": \"task\""), std::string::npos);
  EXPECT_NE(message({{"bound", "dv"}, {"symmetric", true}}).find("set \"symmetric\": false"), std::string::npos);
  EXPECT_NE(message({{"bound", "infonse"}}).find("infonce"), std::string::npos);
  EXPECT_NE(message({{"critic", "cosin"}}).find("cosine"), std::string::npos);
  EXPECT_NE(message({{"critic_width", 0}}).find("critic_width"), std::string::npos);
  EXPECT_NE(message({{"clip", 0}}).find("clip"), std::string::npos);
  EXPECT_NE(message({{"momentum", 1}}).find("momentum"), std::string::npos);
  EXPECT_THROW(SharedInformationMaximization({.critic = "concat"}), StateError) << "without a context";
}

}  // namespace
}  // namespace infomtl
