#include "infomtl/model/head.h"

#include <ATen/ATen.h>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "support/gradcheck.h"
#include "support/normal.h"

namespace infomtl {
namespace {

using testing::close;

Task task_of(TaskKind kind, std::vector<std::string> labels) {
  Task task;
  task.name = "t";
  task.kind = kind;
  task.labels = std::move(labels);
  return task;
}
std::shared_ptr<Head> build(const Json& config, const Task& task, std::int64_t width = 6, std::uint64_t seed = 1) {
  return head_registry().build(Config::from_json(config), HeadContext{width, &task, seed});
}

TEST(LinearHead, HasAnOutputForEveryLabelAndOneForAValue) {
  const Tensor x = testing::normal({5, 6});
  EXPECT_EQ(
      build({{"name", "linear"}}, task_of(TaskKind::classification, {"a", "b", "c"}))->forward({x}).output.size(1), 3);
  EXPECT_EQ(build({{"name", "linear"}}, task_of(TaskKind::regression, {}))->forward({x}).output.size(1), 1);
  EXPECT_EQ(build({{"name", "linear"}}, task_of(TaskKind::tagging, {"O", "B"}))->forward({x}).output.size(1), 2);
  EXPECT_EQ(build({{"name", "linear"}, {"hidden", 9}}, task_of(TaskKind::multi_label, {"a", "b"}))
                ->forward({x})
                .output.sizes(),
            at::IntArrayRef({5, 2}));
}

TEST(LinearHead, IsTheMapOfItsParameters) {
  const Task task = task_of(TaskKind::classification, {"a", "b", "c"});
  const Tensor x = testing::normal({5, 6});
  const auto flat = build({{"name", "linear"}, {"relu_input", true}, {"dropout", 0.5}}, task);
  auto p = flat->named_parameters();
  EXPECT_TRUE(
      close(flat->forward({x}).output, at::linear(at::relu(x), p["net.output.weight"], p["net.output.bias"]), 0));
  const auto deep = build({{"name", "linear"}, {"hidden", 4}, {"activation", "tanh"}}, task);
  p = deep->named_parameters();
  const Tensor hidden = at::tanh(at::linear(x, p["net.hidden.weight"], p["net.hidden.bias"]));
  EXPECT_TRUE(close(deep->forward({x}).output, at::linear(hidden, p["net.output.weight"], p["net.output.bias"]), 0));
}

TEST(GaussianHead, ItsMeanIsTheLinearHeadOfTheSameSeed) {
  const Task task = task_of(TaskKind::classification, {"a", "b", "c"});
  const Tensor x = testing::normal({5, 6});
  for (const int hidden : {0, 4}) {
    const auto linear = build({{"name", "linear"}, {"hidden", hidden}, {"dropout", 0.3}}, task);
    const auto gaussian = build({{"name", "gaussian"}, {"hidden", hidden}, {"dropout", 0.3}}, task);
    EXPECT_TRUE(at::equal(gaussian->forward({x}).mean, linear->forward({x}).output));
    ops::TensorRandom one(4), same(4);
    EXPECT_TRUE(
        at::equal(gaussian->forward({x, {.dropout = &one}}).mean, linear->forward({x, {.dropout = &same}}).output));
  }
}

TEST(GaussianHead, ItsNoiseCanStartSmall) {
  const Task task = task_of(TaskKind::classification, {"a", "b", "c"});
  const Tensor x = testing::normal({5, 6});
  const auto variance = [&](double initial) {
    return build({{"name", "gaussian"}, {"initial_log_variance", initial}}, task)->forward({x}).log_variance;
  };
  EXPECT_TRUE(close(variance(-5.0), variance(0.0) - 5.0, 1e-5));
}

TEST(LinearHead, DropsInputsInTrainingOnly) {
  const Task task = task_of(TaskKind::classification, {"a", "b"});
  const auto head = build({{"name", "linear"}, {"dropout", 0.5}}, task);
  const Tensor x = testing::normal({5, 6});
  ops::TensorRandom one(1), same(1);
  const Tensor dropped = head->forward({x, {.dropout = &one}}).output;
  EXPECT_TRUE(close(head->forward({x, {.dropout = &same}}).output, dropped, 0.0));
  EXPECT_FALSE(close(head->forward({x}).output, dropped, 1e-3));
}

TEST(Heads, WeightsAreAFunctionOfTheSeedWithinTheirBound) {
  const Task task = task_of(TaskKind::classification, {"a", "b"});
  for (const char* name : {"linear", "gaussian"}) {
    const auto one = build({{"name", name}, {"hidden", 50}}, task, 100),
               same = build({{"name", name}, {"hidden", 50}}, task, 100);
    const auto other = build({{"name", name}, {"hidden", 50}}, task, 100, 2);
    for (const auto& parameter : one->named_parameters()) {
      EXPECT_TRUE(at::equal(parameter.value(), same->named_parameters()[parameter.key()]));
      EXPECT_FALSE(at::equal(parameter.value(), other->named_parameters()[parameter.key()]));
      const double bound = parameter.key().find("hidden") != std::string::npos ? 0.1 : 1 / std::sqrt(50.0);
      EXPECT_LE(parameter.value().abs().max().item<double>(), bound);
      if (parameter.value().numel() > 1000) {
        EXPECT_NEAR(parameter.value().std().item<double>(), bound / std::sqrt(3.0), 0.05 * bound);
      }
    }
  }
}

TEST(GaussianHead, SamplesInTrainingAndGivesTheMeanInEvaluation) {
  const Task task = task_of(TaskKind::classification, {"a", "b", "c"});
  const auto head = build({{"name", "gaussian"}}, task);
  EXPECT_TRUE(head->gaussian());
  const Tensor x = testing::normal({4000, 6});
  const Prediction evaluated = head->forward({x});
  EXPECT_TRUE(close(evaluated.output, evaluated.mean, 0.0));
  ops::TensorRandom noise(1), same(1);
  const Prediction trained = head->forward({x, {.noise = &noise}});
  EXPECT_TRUE(close(head->forward({x, {.noise = &same}}).output, trained.output, 0.0));
  const Tensor standardized = (trained.output - trained.mean) / at::exp(trained.log_variance / 2);
  EXPECT_NEAR(standardized.mean().item<double>(), 0.0, 0.05);
  EXPECT_NEAR(standardized.var().item<double>(), 1.0, 0.06);
}

TEST(GaussianHead, ClampsTheLogVariance) {
  const Task task = task_of(TaskKind::classification, {"a", "b", "c"});
  const auto head = build({{"name", "gaussian"}}, task);
  const Prediction wide = head->forward({testing::normal({50, 6}) * 1e4});
  EXPECT_EQ(wide.log_variance.max().item<double>(), 10.0);
  EXPECT_EQ(wide.log_variance.min().item<double>(), -10.0);
  const auto narrow = build({{"name", "gaussian"}, {"log_variance_low", -1}, {"log_variance_high", 0.5}}, task);
  const Prediction bounded = narrow->forward({testing::normal({50, 6}) * 1e4});
  EXPECT_EQ(bounded.log_variance.max().item<double>(), 0.5);
  EXPECT_EQ(bounded.log_variance.min().item<double>(), -1.0);
  EXPECT_THROW(build({{"name", "gaussian"}, {"log_variance_low", 1}, {"log_variance_high", 0}}, task), ConfigError);
}

TEST(GaussianHead, DropsInputsOfTheMeanOnlyUnlessAsked) {
  const Task task = task_of(TaskKind::classification, {"a", "b", "c"});
  const Tensor x = testing::normal({5, 6});
  for (const bool both : {false, true}) {
    const auto head = build({{"name", "gaussian"}, {"dropout", 0.5}, {"dropout_variance", both}}, task);
    ops::TensorRandom random(1);
    const Prediction dropped = head->forward({x, {.dropout = &random}}), plain = head->forward({x});
    EXPECT_FALSE(close(dropped.mean, plain.mean, 1e-3));
    EXPECT_EQ(static_cast<bool>(close(dropped.log_variance, plain.log_variance, 0.0)), !both);
  }
}

TEST(GaussianHead, LooksAtTheDirectionAloneWhenAsked) {
  const Task task = task_of(TaskKind::classification, {"a", "b", "c"});
  const Tensor x = testing::normal({5, 6});
  const auto plain = build({{"name", "gaussian"}}, task);
  const auto unit = build({{"name", "gaussian"}, {"unit_input", true}}, task);
  const Prediction expected = plain->forward({x / x.square().sum(1, true).sqrt()});
  for (const double scale : {1.0, 1e-3, 1e3}) {
    const Prediction found = unit->forward({scale * x});
    EXPECT_TRUE(close(found.mean, expected.mean, 1e-6));
    EXPECT_TRUE(close(found.log_variance, expected.log_variance, 1e-6));
  }
  EXPECT_FALSE(close(plain->forward({x}).mean, expected.mean, 1e-3));
  EXPECT_TRUE(unit->forward({at::zeros({1, 6})}).mean.isfinite().all().item<bool>());
}

TEST(Heads, AreDifferentiableTwice) {
  const Task task = task_of(TaskKind::classification, {"a", "b", "c"});
  for (const char* name : {"linear", "gaussian"}) {
    const auto head = build({{"name", name}, {"hidden", 4}, {"activation", "tanh"}, {"dropout", 0.3}}, task);
    head->to(at::kDouble);
    const auto function = [&](const std::vector<Tensor>& in) {
      ops::TensorRandom dropout(1), noise(2);
      const Prediction prediction = head->forward({in[0], {.dropout = &dropout, .noise = &noise}});
      const Tensor value = prediction.output.pow(2).sum();
      return torch::autograd::grad({value}, {in[0]}, {}, true, /*create_graph=*/true)[0].pow(2).sum();
    };
    // gradients_match evaluates without recording; the inner gradient needs a graph all the same.
    const auto recorded = [&](const std::vector<Tensor>& in) {
      torch::AutoGradMode enable(true);
      return function(in);
    };
    EXPECT_TRUE(testing::gradients_match(recorded, {testing::normal({3, 6})}, 1e-5)) << name;
  }
}

TEST(Heads, UnknownSettingsAndNamesAreErrors) {
  const Task task = task_of(TaskKind::classification, {"a", "b"});
  EXPECT_THROW(build({{"name", "linear"}, {"hiden", 4}}, task), ConfigError);
  EXPECT_THROW(build({{"name", "linear"}, {"hidden", -1}}, task), ConfigError);
  EXPECT_THROW(build({{"name", "linear"}, {"dropout", 1.0}}, task), ConfigError);
  EXPECT_THROW(build({{"name", "gausian"}}, task), UnknownNameError);
}

}  // namespace
}  // namespace infomtl
