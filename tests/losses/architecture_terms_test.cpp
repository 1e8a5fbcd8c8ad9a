// Terms that read what an architecture tells: bottleneck, gate_entropy.

#include <gtest/gtest.h>

#include <cmath>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/losses/bottleneck.h"
#include "infomtl/losses/gate_entropy.h"
#include "infomtl/losses/objective.h"
#include "losses/tiny_encoder.h"
#include "support/compare.h"
#include "support/fixed_task_step.h"

namespace infomtl {
namespace {

using testing::close;
using testing::fixed_step;

TEST(Bottleneck, IsTheKlToThePriorOfTheArchitecture) {
  auto step = fixed_step(TaskKind::classification, torch::tensor({0, 1}));
  step.representation_ = {.value = torch::zeros({2, 3}),
                          .mean = torch::tensor({{1.0, 0.0, 0.0}, {0.0, 2.0, 0.0}}),
                          .log_variance = torch::zeros({2, 3}),
                          .prior_log_variance = {}};
  const auto value = [&](const char* reduction) {
    return Bottleneck({.reduction = reduction}).compute(step).mean().item<double>();
  };
  EXPECT_TRUE(close(value("sum"), (0.5 + 2.0) / 2, 1e-6));
  EXPECT_TRUE(close(value("mean"), (0.5 + 2.0) / 6, 1e-6));
  EXPECT_EQ(Bottleneck().compute(step).count.item<double>(), 2);
  // N(0, v) with v = 4: 1/2 (log 4 + (1 + mean^2) / 4 - 1) a coordinate.
  step.representation_.prior_log_variance = torch::full({3}, std::log(4.0));
  const double expected = 0.5 * (6 * (std::log(4.0) - 0.75) + 5.0 / 4) / 2;
  EXPECT_TRUE(close(value("sum"), expected, 1e-6));
}

TEST(Bottleneck, TrainsTheCodeAndTheNoiseAndThePrior) {
  const auto architecture = architecture_registry().build(
      Config::from_json({{"name", "additive_noise"}, {"width", 16}, {"initial_noise", 0.5}}),
      ArchitectureContext{.width = 8, .layers = 1, .tasks = std::vector<Task>(2), .seed = 3});
  torch::manual_seed(1);
  auto step = fixed_step(TaskKind::classification, torch::tensor({0, 1, 2}));
  step.representation_ = architecture->forward(0, {.pooled = torch::randn({3, 8}), .layers = {}}, nullptr);
  const Tensor loss = Bottleneck().compute(step).mean();
  // At the best prior of a normalised code the loss is the capacity of its channel.
  EXPECT_TRUE(close(loss.item<double>(), 16 * 0.5 * std::log1p(4.0), 1e-3));
  const auto parameters = architecture->named_parameters();
  const auto gradient = [&](const char* name) {
    return torch::autograd::grad({loss}, {parameters[name]}, {}, true, false, true)[0];
  };
  // d/ds 1/2 (log v - s + (e^s + z^2)/v - 1) = (e^s/v - 1)/2 with e^s = 1/4, v = 5/4.
  EXPECT_TRUE(close(gradient("noise_log_variance.0"), torch::full({16}, -0.4), 1e-6));
  EXPECT_FALSE(gradient("noise_log_variance.1").defined());
  EXPECT_TRUE(gradient("prior_log_variance.0").defined());
  EXPECT_TRUE(close(gradient("prior_log_variance.0").sum().item<double>(), 0.0, 1e-3)) << "it starts at the optimum";
  EXPECT_GT(gradient("code.output.weight").abs().max().item<float>(), 0.0F);
}

TEST(Bottleneck, CountsWordsAndTakesNone) {
  auto step = fixed_step(TaskKind::tagging, torch::zeros({0}, torch::kInt64));
  step.representation_ = {.value = torch::zeros({0, 3}),
                          .mean = torch::zeros({0, 3}),
                          .log_variance = torch::zeros({0, 3}),
                          .prior_log_variance = torch::zeros({3})};
  const LossValue value = Bottleneck().compute(step);
  EXPECT_EQ(value.sum.item<double>(), 0);
  EXPECT_EQ(value.count.item<double>(), 0);
  step.batch_.rows = torch::arange(2);
  step.batch_.labels = torch::zeros({7}, torch::kInt64);
  EXPECT_EQ(Bottleneck().count(step.batch_), 7);
  EXPECT_EQ(GateEntropy().count(step.batch_), 7);
}

TEST(GateEntropy, IsTheMeanOverRows) {
  auto step = fixed_step(TaskKind::classification, torch::tensor({0, 1}));
  step.representation_.value = torch::zeros({2, 3});
  EXPECT_THROW(GateEntropy().compute(step), StateError);
  step.representation_.gate_entropy = torch::tensor({0.25f, 0.75f});
  const LossValue value = GateEntropy().compute(step);
  EXPECT_TRUE(close(value.mean().item<double>(), 0.5, 1e-7));
  EXPECT_EQ(value.count.item<double>(), 2);
  EXPECT_FALSE(GateEntropy().in_evaluation());
}

TEST(ArchitectureTerms, NeedTheirArchitectureAndNameTheCure) {
  std::vector<Task> tasks(1);
  tasks[0].name = "hate";
  tasks[0].labels = {"no", "yes"};
  const auto encoder = testing::tiny_encoder();
  const auto model_with = [&](const char* architecture) {
    const auto built = architecture_registry().build(
        Config::from_json(architecture),
        ArchitectureContext{.width = 8, .layers = 1, .tasks = std::vector<Task>(1), .seed = 1});
    const auto head = head_registry().build(Config::from_json("linear"), HeadContext{built->width(), &tasks[0], 1});
    return MultiTaskModel(encoder, built, {head}, tasks, Pooling::first);
  };
  const auto check = [&](const char* term, const char* architecture) -> std::string {
    const Config losses = Config::from_json({{"losses", {"supervised", term}}}, "x.json");
    const auto objective = Objective::from_config(losses.list("losses"), {.tasks = tasks, .width = 8});
    try {
      objective->check(model_with(architecture));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  for (const char* name : {"vib", "additive_noise"}) EXPECT_EQ(check("bottleneck", name), "");
  for (const char* name : {"shared", "mmoe"}) {
    EXPECT_NE(check("bottleneck", name).find("\"architecture\": {\"name\": \"vib\"}"), std::string::npos);
    EXPECT_NE(check("gate_entropy", name).find("\"architecture\": {\"name\": \"dselect_k\"}"), std::string::npos);
  }
  EXPECT_EQ(check("gate_entropy", "dselect_k"), "");
  auto step = fixed_step(TaskKind::classification, torch::tensor({1}));
  step.representation_.value = torch::zeros({1, 3});
  EXPECT_THROW(Bottleneck().compute(step), StateError);
}

}  // namespace
}  // namespace infomtl
