#include "infomtl/optim/optimizer.h"

#include "infomtl/core/errors.h"
#include "support/fixture.h"

namespace infomtl {
namespace {

Config config_of(Json json) { return Config::from_json(std::move(json)); }

/// Runs one golden case in the given type and returns the largest error over its whole trajectory.
void follow(const Json& golden, const Json& item, torch::Dtype type, double tolerance) {
  const auto start = [&](const char* name, at::IntArrayRef shape) {
    return testing::float64_tensor(golden[name]).to(type).view(shape).requires_grad_(true);
  };
  Tensor weight = start("weight", {3, 4}), bias = start("bias", {4});
  FlatParameters flat({{"weight", weight}}, {{"bias", bias}});
  const auto rule = optimizer_registry().build(config_of(item["config"]), flat);
  EXPECT_EQ(rule->learning_rate(), item["config"]["learning_rate"].get<double>());
  for (std::size_t step = 0; step < golden["gradients"].size(); ++step) {
    const Json& gradient = golden["gradients"][step];
    flat.zero_gradients();
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
