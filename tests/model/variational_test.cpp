// The architecture "variational" and the head "bayesian": known answers.

#include "infomtl/ops/information/variational.h"

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/model/heads.h"
#include "model/architecture_cases.h"
#include "support/compare.h"
#include "support/normal.h"

namespace infomtl {
namespace {

using testing::build_architecture;
using testing::close;
using testing::kWidth;
using testing::random_rows;

namespace variational {

const Json kAmortized = {{"name", "variational"}, {"width", 4}, {"amortized", true}, {"standardize_means", false}};

ops::GaussianMoments layer(const torch::nn::Module& module, const std::string& name, const Tensor& x) {
  const auto p = module.named_parameters();
  return ops::bayesian_linear(x, {p[name + ".weight_mean"], ops::softplus_variance(p[name + ".weight_scale"])},
                              {p[name + ".bias_mean"], ops::softplus_variance(p[name + ".bias_scale"])});
}
Tensor trunk(const torch::nn::Module& module, const std::string& name, const Tensor& x) {
  const auto p = module.named_parameters();
  Tensor y = x;
  for (const char* part : {".first.output.", ".second.output."}) {
    y = at::elu(at::linear(y, p[name + part + "weight"], p[name + part + "bias"]));
  }
  return y;
}
Task task_of(TaskKind kind, std::vector<std::string> labels = {"a", "b", "c"}) {
  Task task;
  task.name = "t";
  task.kind = kind;
  task.labels = std::move(labels);
  return task;
}
std::shared_ptr<Head> head_of(const Json& config, const Task& task, std::int64_t width = 6) {
  return head_registry().build(Config::from_json(config), HeadContext{.width = width, .task = &task, .seed = 1});
}

}  // namespace variational

TEST(Variational, IsOneBayesianLayerForAllTasks) {
  const auto architecture = build_architecture({{"name", "variational"}, {"width", 4}, {"dropout", 0}});
  EXPECT_EQ(architecture->width(), 4);
  const SharedRows rows = random_rows(4000);
  const TaskRepresentation evaluated = architecture->forward(0, rows, nullptr);
  const ops::GaussianMoments expected = variational::layer(*architecture, "code", rows.pooled);
  EXPECT_TRUE(close(evaluated.mean, expected.mean, 1e-6));
  EXPECT_TRUE(close(evaluated.log_variance, expected.variance.log(), 1e-5));
  EXPECT_TRUE(at::equal(architecture->forward(2, rows, nullptr).value, evaluated.value));
  ops::TensorRandom noise(1);
  const TaskRepresentation trained = architecture->forward(0, rows, &noise);
  const Tensor standardized = (trained.value - trained.mean) / at::exp(trained.log_variance / 2);
  EXPECT_NEAR(standardized.mean().item<double>(), 0.0, 0.03);
  EXPECT_NEAR(standardized.var().item<double>(), 1.0, 0.04);
  EXPECT_FALSE(architecture->head_weights(0).has_value());
}

TEST(Variational, StartsSmallAndDropsInTrainingOnly) {
  const auto wide = build_architecture({{"name", "variational"}, {"width", 300}, {"dropout", 0.5}}, 3, 1, 200);
  const auto p = wide->named_parameters();
  EXPECT_NEAR(p["code.weight_mean"].std().item<double>(), 1 / std::sqrt(200.0), 1e-3);
  EXPECT_NEAR(p["code.weight_scale"].mean().item<double>(), -3, 2e-3);
  EXPECT_NEAR(p["code.weight_scale"].std().item<double>(), 0.1, 2e-3);
  const SharedRows rows = random_rows(50, 5, 200);
  ops::TensorRandom noise(1);
  const Tensor kept = wide->forward(0, rows, nullptr).mean, dropped = wide->forward(0, rows, &noise).mean;
  EXPECT_FALSE(close(kept, dropped, 0.1));
  EXPECT_TRUE(close(kept, variational::layer(*wide, "code", rows.pooled).mean, 1e-5));
}

TEST(Variational, AmortizedMakesHeadsFromMeansOfClasses) {
  const auto architecture = build_architecture(variational::kAmortized);
  const SharedRows rows = random_rows(6);
  const TaskRepresentation code = architecture->forward(0, rows, nullptr);
  EXPECT_TRUE(close(
      code.mean,
      variational::layer(*architecture, "code", variational::trunk(*architecture, "trunk", rows.pooled)).mean, 1e-6));
  const auto weights_from = [&](const Tensor& means) {
    const Tensor hidden = variational::trunk(*architecture, "generator.trunk", means);
    return std::pair(variational::layer(*architecture, "generator.weight", hidden),
                     variational::layer(*architecture, "generator.bias", hidden));
  };
  const auto expect_weights = [&](std::size_t task, const Tensor& means) {
    const std::optional<WeightPosterior> found = architecture->head_weights(task);
    ASSERT_TRUE(found.has_value());
    const auto [weight, bias] = weights_from(means);
    EXPECT_EQ(found->mean.sizes(), at::IntArrayRef({means.size(0), 4}));
    EXPECT_TRUE(close(found->mean, weight.mean, 1e-5));
    EXPECT_TRUE(close(found->log_variance, weight.variance.log(), 1e-5));
    EXPECT_TRUE(close(found->bias_mean, bias.mean.squeeze(1), 1e-5));
    EXPECT_TRUE(close(found->bias_log_variance, bias.variance.squeeze(1).log(), 1e-5));
  };
  // Rows count from the next step on, each once, whatever passes read them in between.
  SharedRows counted = rows;
  counted.labels = torch::tensor({0, 1, 1, 0, 0, 1});
  architecture->begin_step(0);
  architecture->forward(1, counted, nullptr);
  architecture->forward(1, rows, nullptr);
  expect_weights(1, at::zeros({3, kWidth}));
  architecture->begin_step(1);
  const Tensor& x = rows.pooled;
  const Tensor none = at::zeros({kWidth});
  expect_weights(1, at::stack({(x[0] + x[3] + x[4]) / 3, (x[1] + x[2] + x[5]) / 3, none}));
  expect_weights(0, at::zeros({3, kWidth}));
  // Two micro-batches of a step, of a class seen before and of a new one.
  SharedRows more = random_rows(2, 9);
  more.labels = torch::tensor({2, 0});
  architecture->forward(1, more, nullptr);
  architecture->forward(1, more, nullptr);
  expect_weights(1, at::stack({(x[0] + x[3] + x[4]) / 3, (x[1] + x[2] + x[5]) / 3, none}));
  architecture->begin_step(5);
  const Tensor& y = more.pooled;
  expect_weights(1, at::stack({(x[0] + x[3] + x[4] + 2 * y[1]) / 5, (x[1] + x[2] + x[5]) / 3, y[0]}));
  EXPECT_EQ(architecture->named_buffers().size(), 3 * 3 + 1U);
}

TEST(Variational, StandardizedMeansAreDifferencesOfUnitSize) {
  Json config = variational::kAmortized;
  config.erase("standardize_means");
  const auto architecture = build_architecture(config);
  SharedRows rows = random_rows(3);
  rows.pooled = rows.pooled + 100;
  rows.labels = torch::tensor({0, 1, 2});
  architecture->begin_step(0);
  architecture->forward(1, rows, nullptr);
  EXPECT_TRUE(architecture->head_weights(1)->mean.isfinite().all().item<bool>()) << "before any row was counted";
  architecture->begin_step(1);
  const Tensor centred = (rows.pooled - rows.pooled.mean(0)).to(torch::kFloat64);
  const Tensor unit = (centred / centred.square().mean().sqrt()).to(torch::kFloat32);
  const Tensor hidden = variational::trunk(*architecture, "generator.trunk", unit);
  EXPECT_TRUE(close(architecture->head_weights(1)->mean,
                    variational::layer(*architecture, "generator.weight", hidden).mean, 1e-4));
}

TEST(Variational, MeansAreOverWhatALabelSays) {
  using variational::task_of;
  const std::vector<Task> tasks = {task_of(TaskKind::multi_label), task_of(TaskKind::regression, {}),
                                   task_of(TaskKind::tagging)};
  const auto architecture =
      architecture_registry().build(Config::from_json(variational::kAmortized),
                                    ArchitectureContext{.width = kWidth, .layers = 1, .tasks = tasks, .seed = 1});
  const std::vector<Tensor> labels = {torch::tensor({{1.0F, 0.0F, 0.0F}, {1.0F, 1.0F, 0.0F}}),
                                      torch::tensor({0.5F, 2.0F}), torch::tensor({2, 2})};
  SharedRows rows = random_rows(2);
  architecture->begin_step(0);
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    rows.labels = labels[t];
    architecture->forward(t, rows, nullptr);
  }
  architecture->begin_step(1);
  const Tensor both = rows.pooled.mean(0), second = rows.pooled[1], none = at::zeros({kWidth});
  const std::vector<Tensor> means = {at::stack({both, second, none}), both.unsqueeze(0), at::stack({none, none, both})};
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const Tensor hidden = variational::trunk(*architecture, "generator.trunk", means[t]);
    EXPECT_TRUE(close(architecture->head_weights(t)->mean,
                      variational::layer(*architecture, "generator.weight", hidden).mean, 1e-5))
        << t;
  }
}

TEST(BayesianHead, IsOneDrawPerRowWithTheMomentsOfItsWeights) {
  const Task task = variational::task_of(TaskKind::classification);
  for (const bool bias : {false, true}) {
    const auto head = variational::head_of({{"name", "bayesian"}, {"bias", bias}}, task);
    EXPECT_TRUE(head->gaussian());
    const auto p = head->named_parameters();
    EXPECT_EQ(p.size(), bias ? 3U : 2U);
    if (bias) testing::set(*head, "bias", torch::tensor({1.0, 2.0, 3.0}));
    const Tensor x = testing::normal({4000, 6});
    const Prediction evaluated = head->forward({x});
    EXPECT_TRUE(at::equal(evaluated.output, evaluated.mean));
    Tensor mean = at::linear(x, p["weights.weight_mean"]);
    if (bias) mean = mean + p["bias"];
    EXPECT_TRUE(close(evaluated.mean, mean, 1e-5));
    EXPECT_TRUE(
        close(evaluated.log_variance.exp(), at::linear(x * x, at::softplus(p["weights.weight_scale"]).square()), 1e-6));
    ops::TensorRandom noise(1), same(1);
    const Prediction trained = head->forward({x, {.noise = &noise}});
    EXPECT_TRUE(at::equal(head->forward({x, {.noise = &same}}).output, trained.output));
    const Tensor standardized = (trained.output - trained.mean) / at::exp(trained.log_variance / 2);
    EXPECT_NEAR(standardized.mean().item<double>(), 0.0, 0.05);
    EXPECT_NEAR(standardized.var().item<double>(), 1.0, 0.06);
    const std::optional<WeightPosterior> posterior = head->weight_posterior();
    ASSERT_TRUE(posterior.has_value());
    EXPECT_TRUE(at::equal(posterior->mean, p["weights.weight_mean"]));
    EXPECT_TRUE(close(posterior->log_variance, 2 * at::softplus(p["weights.weight_scale"]).log(), 1e-5));
    EXPECT_FALSE(posterior->bias_mean.defined());
  }
  EXPECT_TRUE(
      variational::head_of("bayesian", task)->forward({at::zeros({2, 6})}).log_variance.isfinite().all().item<bool>());
}

TEST(BayesianHead, TakesTheWeightsItIsGiven) {
  const Task task = variational::task_of(TaskKind::classification);
  const auto head = variational::head_of({{"name", "bayesian"}, {"weights", "generated"}}, task);
  EXPECT_TRUE(head->parameters().empty());
  EXPECT_FALSE(head->weight_posterior().has_value());
  const Tensor x = testing::normal({5, 6});
  const WeightPosterior given{.mean = testing::normal({3, 6}, 2),
                              .log_variance = testing::normal({3, 6}, 3),
                              .bias_mean = testing::normal({3}, 4),
                              .bias_log_variance = testing::normal({3}, 5)};
  HeadInput input{.representation = x};
  try {
    head->forward(input);
    FAIL() << "no error";
  } catch (const StateError& error) {
    EXPECT_NE(std::string(error.what()).find("\"amortized\": true"), std::string::npos);
  }
  input.weights = &given;
  const Prediction found = head->forward(input);
  EXPECT_TRUE(close(found.mean, at::linear(x, given.mean, given.bias_mean), 1e-5));
  EXPECT_TRUE(close(found.log_variance.exp(),
                    at::linear(x * x, given.log_variance.exp(), given.bias_log_variance.exp()), 1e-4, 1e-5));
  // Its own where it has some.
  const auto own = variational::head_of("bayesian", task);
  EXPECT_TRUE(at::equal(own->forward(input).mean, own->forward({x}).mean));
  EXPECT_THROW(variational::head_of({{"name", "bayesian"}, {"weights", "generated"}, {"bias", true}}, task),
               ConfigError);
  EXPECT_THROW(variational::head_of({{"name", "bayesian"}, {"weights", "shared"}}, task), ConfigError);
  EXPECT_THROW(bayesian_heads({task}, {.weights = "others"}), ConfigError);
}

}  // namespace
}  // namespace infomtl
