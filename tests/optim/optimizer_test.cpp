#include "infomtl/optim/optimizer.h"

#include <algorithm>

#include "infomtl/core/errors.h"
#include "infomtl/optim/adamax.h"
#include "infomtl/optim/adamw.h"
#include "infomtl/optim/parameter_groups.h"
#include "infomtl/optim/sgd.h"
#include "support/fixture.h"

namespace infomtl {
namespace {

Config config_of(Json json) { return Config::from_json(std::move(json)); }

/// Runs one golden case in the given type and compares its whole trajectory.
void follow(const Json& golden, const Json& item, torch::Dtype type, double tolerance, bool grouped = false) {
  const auto start = [&](const char* name, at::IntArrayRef shape) {
    return testing::float64_tensor(golden[name]).to(type).view(shape).requires_grad_(true);
  };
  Tensor weight = start("weight", {3, 4}), bias = start("bias", {4});
  const auto peak = item["config"]["learning_rate"].get<double>();
  NamedParameters parameters = {{"weight", weight}, {"bias", bias}};
  if (grouped) {
    std::vector<ParameterGroup> groups;
    for (const auto& [name, group] : golden["groups"].items()) {
      groups.push_back({.match = name, .learning_rate = group["learning_rate"].get<double>()});
      if (group.contains("weight_decay")) groups.back().weight_decay = group["weight_decay"].get<double>();
    }
    apply_groups(groups, peak, parameters);
  }
  const auto rests = [&](const char* name, std::size_t step) {
    if (!grouped) return false;
    const auto steps = golden["rests"][name].get<std::vector<std::size_t>>();
    return std::find(steps.begin(), steps.end(), step) != steps.end();
  };
  FlatParameters flat(parameters);
  const auto rule = optimizer_registry().build(config_of(item["config"]), flat);
  EXPECT_EQ(rule->learning_rate(), peak);
  for (std::size_t step = 0; step < golden["gradients"].size(); ++step) {
    const Json& gradient = golden["gradients"][step];
    flat.set_training({!rests("weight", step), !rests("bias", step)});
    weight.mutable_grad().copy_(testing::float64_tensor(gradient["weight"]).view({3, 4}));
    bias.mutable_grad().copy_(testing::float64_tensor(gradient["bias"]));
    rule->step(rule->learning_rate());
    const Json& expected = item["trajectory"][step];
    const std::string where = item["case"].get<std::string>() + " step " + std::to_string(step);
    ASSERT_TRUE(testing::close(weight.flatten(), testing::float64_tensor(expected["weight"]), tolerance, tolerance))
        << where;
    ASSERT_TRUE(testing::close(bias, testing::float64_tensor(expected["bias"]), tolerance, tolerance)) << where;
  }
  EXPECT_EQ(rule->steps(), static_cast<std::int64_t>(golden["gradients"].size()));
}

TEST(Optimizer, FollowsTorchOptimStepByStep) {
  const Json golden = testing::read_fixture("train/optimizers.json");
  ASSERT_GE(golden["cases"].size(), 7U);
  for (const Json& item : golden["cases"]) {
    follow(golden, item, torch::kFloat32, 1e-6);   // fused elements
    follow(golden, item, torch::kFloat64, 1e-12);  // tensor operations
  }
}

TEST(Optimizer, FollowsTorchOptimWithGroupsThatRestForAWhile) {
  const Json golden = testing::read_fixture("train/optimizers.json");
  ASSERT_GE(golden["grouped"].size(), 4U);
  for (const Json& item : golden["grouped"]) {
    follow(golden, item, torch::kFloat32, 2e-6, /*grouped=*/true);
    follow(golden, item, torch::kFloat64, 1e-12, /*grouped=*/true);
  }
}

TEST(Optimizer, WhatRestsKeepsItsBitsAndItsState) {
  for (const char* name : {"adamax", "adamw", "sgd"}) {
    Json options = {{"name", name}, {"weight_decay", 0.5}};
    if (options["name"] == "sgd") options["momentum"] = 0.9;
    Tensor one = torch::ones({40, 2}).requires_grad_(true), two = torch::ones({30, 2}).requires_grad_(true);
    FlatParameters flat({{"one", one}, {"two", two}});
    const auto rule = optimizer_registry().build(config_of(options), flat);
    const auto step = [&](bool first, bool second) {
      flat.set_training({first, second});
      flat.gradients().fill_(0.25);
      rule->step(0.1);
    };
    step(true, true);
    const Tensor values = flat.values().clone();
    std::vector<Tensor> states;
    for (const auto& [of, tensor] : rule->state()) states.push_back(tensor.clone());
    step(true, false);
    step(true, false);
    EXPECT_FALSE(at::equal(flat.values().slice(0, 0, 80), values.slice(0, 0, 80))) << name;
    EXPECT_TRUE(at::equal(flat.values().slice(0, 80), values.slice(0, 80))) << name;
    for (std::size_t i = 0; i < states.size(); ++i) {
      EXPECT_FALSE(at::equal(rule->state()[i].second.slice(0, 0, 80), states[i].slice(0, 0, 80))) << name;
      EXPECT_TRUE(at::equal(rule->state()[i].second.slice(0, 80), states[i].slice(0, 80))) << name;
    }
    EXPECT_EQ(rule->steps(), 3);
    EXPECT_EQ(rule->fewer_updates(), (std::map<std::string, std::int64_t>{{"two", 1}}));
  }
}

TEST(Optimizer, UpdatesOfSingleParametersAreRestored) {
  Tensor one = torch::ones({4}).requires_grad_(true), two = torch::ones({4}).requires_grad_(true);
  FlatParameters flat({{"one", one}, {"two", two}});
  const auto rule = adamw().make(flat);
  EXPECT_THROW(rule->set_steps(9, {{"three", 2}}), StateError);
  EXPECT_EQ(rule->steps(), 0);
  rule->set_steps(9, {{"two", 2}});
  rule->step(0.1);
  EXPECT_EQ(rule->steps(), 10);
  EXPECT_EQ(rule->fewer_updates(), (std::map<std::string, std::int64_t>{{"two", 3}}));
}

TEST(Optimizer, SettingsByHandAreThoseOfAConfig) {
  const auto trained_by = [](const OptimizerFactory& factory) {
    Tensor parameter = torch::linspace(-1, 1, 60).view({20, 3}).requires_grad_(true);
    FlatParameters flat({{"p", parameter}});
    const auto rule = factory.make(flat);
    EXPECT_EQ(rule->learning_rate(), factory.learning_rate);
    for (int step = 0; step < 3; ++step) {
      flat.gradients().copy_(torch::linspace(-2, 1, 60) * (step - 1));
      rule->step(rule->learning_rate());
    }
    return flat.values();
  };
  const auto from_config = [&](const Json& json) { return trained_by(*optimizer_registry().build(config_of(json))); };
  EXPECT_TRUE(
      at::equal(trained_by(adamax({.learning_rate = 0.1, .weight_decay = 0.2, .beta2 = 0.9})),
                from_config({{"name", "adamax"}, {"learning_rate", 0.1}, {"weight_decay", 0.2}, {"beta2", 0.9}})));
  EXPECT_TRUE(at::equal(trained_by(adamw({.learning_rate = 0.1, .epsilon = 1e-3})),
                        from_config({{"name", "adamw"}, {"learning_rate", 0.1}, {"epsilon", 1e-3}})));
  EXPECT_TRUE(at::equal(trained_by(sgd({.learning_rate = 0.1, .momentum = 0.5, .nesterov = true})),
                        from_config({{"name", "sgd"}, {"learning_rate", 0.1}, {"momentum", 0.5}, {"nesterov", true}})));
  EXPECT_EQ(adamax().learning_rate, 5e-5);
}

TEST(Optimizer, StateCopiedIntoAFreshRuleContinuesBitForBit) {
  for (const char* name : {"adamax", "adamw", "sgd"}) {
    Json options = {{"name", name}, {"learning_rate", 0.1}, {"weight_decay", 0.01}};
    if (options["name"] == "sgd") options["momentum"] = 0.9;
    Tensor one = torch::linspace(-1, 1, 100).view({10, 10}).requires_grad_(true);
    Tensor two = one.detach().clone().requires_grad_(true);
    FlatParameters flat_one({{"p", one}}), flat_two({{"p", two}});
    const auto rule = optimizer_registry().build(config_of(options), flat_one);
    const auto run = [](FlatParameters& flat, Optimizer& optimizer, int from, int to) {
      for (int step = from; step < to; ++step) {
        flat.slots()[0].parameter.mutable_grad().copy_(torch::linspace(-1, 2, 100).view({10, 10}).mul(step - 3));
        optimizer.step(0.1);
      }
    };
    run(flat_one, *rule, 0, 4);
    const auto continued = optimizer_registry().build(config_of(options), flat_two);
    {
      const torch::NoGradGuard no_grad;
      flat_two.values().copy_(flat_one.values());
      const auto from = rule->state();
      const auto to = continued->state();
      ASSERT_EQ(from.size(), to.size());
      ASSERT_GE(from.size(), 1U);
      for (std::size_t i = 0; i < from.size(); ++i) {
        EXPECT_EQ(from[i].first, to[i].first);
        to[i].second.copy_(from[i].second);
      }
      continued->set_steps(rule->steps());
    }
    run(flat_one, *rule, 4, 8);
    run(flat_two, *continued, 4, 8);
    EXPECT_TRUE(at::equal(one, two)) << name;
  }
}

TEST(Optimizer, DecayAllReachesBiasesToo) {
  Tensor bias = torch::ones({4}).requires_grad_(true);
  FlatParameters flat({{"bias", bias}});
  const auto spare =
      optimizer_registry().build(config_of({{"name", "adamw"}, {"learning_rate", 0.5}, {"weight_decay", 0.5}}), flat);
  spare->step(0.5);
  EXPECT_EQ(bias[0].item<float>(), 1.0F);
  const auto decay = optimizer_registry().build(
      config_of({{"name", "adamw"}, {"learning_rate", 0.5}, {"weight_decay", 0.5}, {"decay_all", true}}), flat);
  decay->step(0.5);
  EXPECT_EQ(bias[0].item<float>(), 0.75F);
}

TEST(Optimizer, ConfigMistakesAreErrors) {
  Tensor p = torch::ones({4}).requires_grad_(true);
  FlatParameters flat({{"p", p}});
  EXPECT_THROW(optimizer_registry().build(config_of({{"name", "adamix"}}), flat), UnknownNameError);
  EXPECT_THROW(optimizer_registry().build(config_of({{"name", "adamax"}, {"momentum", 0.9}}), flat), ConfigError);
  EXPECT_THROW(optimizer_registry().build(config_of({{"name", "adamax"}, {"learning_rate", 0.0}}), flat), ConfigError);
}

}  // namespace
}  // namespace infomtl
