// expected_supervised, representation_prior, weight_prior: the terms against the operations they are made of, what they
// remember, what they ask of a model.

#include "infomtl/losses/task_priors.h"

#include <cmath>

#include "infomtl/losses/expected_supervised.h"
#include "infomtl/losses/objective.h"
#include "infomtl/ops/information/classification.h"
#include "infomtl/ops/information/gaussian.h"
#include "infomtl/ops/information/variational.h"
#include "losses/feature_bank.h"
#include "losses/term_cases.h"
#include "losses/tiny_encoder.h"

namespace infomtl {
namespace {

using ops::GaussianMoments;
using testing::close;
using testing::fixed_step;
using testing::FixedTaskStep;

namespace priors {

constexpr std::int64_t kWide = 8, kCode = 5;

/// Tasks of these numbers of classes.
std::vector<Task> tasks_of(const std::vector<std::size_t>& classes) {
  std::vector<Task> tasks;
  for (const std::size_t count : classes) {
    Task task;
    task.name = "task" + std::to_string(tasks.size());
    for (std::size_t c = 0; c < count; ++c) task.labels.push_back("label" + std::to_string(c));
    tasks.push_back(task);
  }
  return tasks;
}

MultiTaskModel model_of(const TaskHeads& heads, const architectures::VariationalSettings& settings) {
  return MultiTaskModel(testing::tiny_encoder(kWide), heads, architectures::variational(settings));
}

/// A step of the model's task on rows, read by its architecture without noise.
FixedTaskStep step_of(const MultiTaskModel& model, std::size_t task, const Tensor& labels, std::int64_t number = 0,
                      std::uint64_t seed = 3) {
  FixedTaskStep step = fixed_step(model.tasks()[task].kind, labels);
  step.task_ = model.tasks()[task];
  step.index = task;
  step.step_ = number;
  step.model_ = &model;
  const Tensor rows = ops::TensorRandom(seed).normal({labels.size(0), kWide});
  step.shared_views = {rows};
  step.representation_ = model.architecture().forward(task, {.pooled = rows, .layers = {}}, nullptr);
  return step;
}

Tensor uniform_of(FixedTaskStep& step, const char* purpose, std::int64_t count) {
  ops::TensorRandom random = step.random(purpose);
  return at::rand({count}, random.generator(), torch::kFloat64).to(torch::kFloat32);
}

std::string refusal(const LossTerm& term, const MultiTaskModel& model) {
  try {
    term.check(model);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace priors

TEST(FeatureBank, KeepsTheLastRowsOfTheStepsBefore) {
  FeatureBank bank(3, 1);
  EXPECT_FALSE(bank.any(0).item<bool>());
  std::vector<double> all;
  std::int64_t next = 0;
  for (std::int64_t step = 0; step < 12; ++step) {
    const auto seen = [&] {
      const Tensor kept = bank.rows().index_select(0, bank.filled(step).nonzero().squeeze(1)).flatten();
      return std::get<0>(kept.to(torch::kFloat64).sort());
    };
    const auto count = std::min<std::int64_t>(3, std::ssize(all));
    const Tensor expected = torch::tensor(std::vector<double>(all.end() - count, all.end()), torch::kFloat64);
    EXPECT_TRUE(close(seen(), expected, 0)) << step;
    EXPECT_EQ(bank.any(step).item<bool>(), count > 0);
    // Two micro-batches of a step; both passes and those that are repeated see the same.
    for (const std::int64_t rows : {step % 3, std::int64_t{1}}) {
      const Tensor values = at::arange(next, next + rows, torch::kFloat32).unsqueeze(1);
      bank.record(values, at::full({rows}, step, torch::kInt64), step);
      EXPECT_TRUE(close(seen(), expected, 0)) << step;
      for (std::int64_t i = 0; i < rows; ++i) all.push_back(static_cast<double>(next + i));
      next += rows;
    }
  }
  bank.record(at::arange(10, torch::kFloat32).unsqueeze(1), {}, 12);  // more than it holds: the last three
  EXPECT_EQ(bank.filled(13).sum().item<std::int64_t>(), 3);
  EXPECT_EQ(bank.rows().index_select(0, bank.filled(13).nonzero().squeeze(1)).min().item<float>(), 7.0F);
  EXPECT_EQ(bank.labels().index_select(0, bank.filled(13).nonzero().squeeze(1)).max().item<std::int64_t>(), -1);
}

TEST(RepresentationPrior, IsTheDivergenceToWhatTheOthersMakeOfTheRows) {
  const std::vector<Task> tasks = priors::tasks_of({3, 3, 2});  // the first two have the same classes
  const MultiTaskModel model = priors::model_of(bayesian_heads(tasks), {.width = priors::kCode});
  for (const char* form : {"combine", "mixture_bound"}) {
    RepresentationPrior term({.task_prior = {.prior = form}, .bank = 4}, {.tasks = tasks, .width = priors::kWide});
    const Tensor logits = term.named_parameters()["weights.logits"];
    ASSERT_EQ(logits.sizes(), at::IntArrayRef({3, 2}));
    // Nothing of the other tasks is known at first: N(0, I).
    FixedTaskStep first = priors::step_of(model, 0, torch::tensor({0, 1, 2, 0, 1}));
    const TaskRepresentation& code = first.representation_;
    const GaussianMoments own{code.mean, code.log_variance.exp()};
    EXPECT_TRUE(close(term.compute(first).sum, ops::kl_to_tasks(own, {}, {}, ops::TaskPrior::standard).sum(), 1e-4));
    FixedTaskStep second = priors::step_of(model, 1, torch::tensor({2, 2, 1}), 1, 4),
                  third = priors::step_of(model, 2, torch::tensor({0, 1}), 2, 5);
    term.compute(second);
    term.compute(third);

    FixedTaskStep step = priors::step_of(model, 0, torch::tensor({1, 2, 0}), 3, 6);
    const auto compute = [&] { return term.compute(step).sum; };
    const Tensor found = compute();
    const Tensor rows = step.shared_views[0], there = second.shared_views[0], apart = third.shared_views[0];
    // Classes 1 and 2 of the second task alone; of class 0, which it never saw, all.
    const Tensor allowed = torch::tensor({{false, false, true}, {true, true, false}, {true, true, true}});
    const Tensor all = at::ones({3}, torch::kBool), both = at::ones({2}, torch::kBool);
    std::vector<Tensor> means, variances;
    for (const Tensor& related :
         {ops::related_inputs(rows, there, all, allowed), ops::related_inputs(rows, apart, both)}) {
      const TaskRepresentation other = model.architecture().forward(0, {.pooled = related, .layers = {}}, nullptr);
      means.push_back(other.mean.detach());
      variances.push_back(other.log_variance.exp().detach());
    }
    const double temperature = std::pow(0.5, 3.0 / 3000);
    const Tensor weights = ops::gumbel_softmax(
        at::zeros({2}), ops::gumbel_noise(priors::uniform_of(step, "representation_prior", 2)), temperature);
    const TaskRepresentation& now = step.representation_;
    const Tensor expected = ops::kl_to_tasks({now.mean, now.log_variance.exp()},
                                             {at::stack(means), at::stack(variances)}, weights, ops::task_prior(form))
                                .sum();
    EXPECT_TRUE(close(found, expected, 1e-3, 1e-4)) << form;
    EXPECT_TRUE(at::equal(compute(), found)) << "a pass repeated is the same pass";
    const auto gradients = torch::autograd::grad({found}, {logits, now.mean}, {}, true);
    EXPECT_GT(gradients[0][0].abs().sum().item<float>(), 0.0F);
    EXPECT_EQ(gradients[0].narrow(0, 1, 2).abs().sum().item<float>(), 0.0F);
    EXPECT_GT(gradients[1].abs().sum().item<float>(), 0.0F);

    const auto shown = term.diagnostics();
    ASSERT_EQ(shown.size(), 2U);
    EXPECT_EQ(shown[0].first, "temperature");
    EXPECT_TRUE(close(shown[0].second, temperature, 1e-12));
    EXPECT_TRUE(close(shown[1].second, 0.5, 1e-6));
    EXPECT_TRUE(close(term.task_weights(), torch::tensor({{0.0, 0.5, 0.5}, {0.5, 0.0, 0.5}, {0.5, 0.5, 0.0}}), 1e-6));
  }
}

TEST(RepresentationPrior, LearnsNothingAboutFewerThanThreeTasks) {
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}}) {
    const std::vector<Task> tasks = priors::tasks_of(std::vector<std::size_t>(count, 3));
    const MultiTaskModel model = priors::model_of(bayesian_heads(tasks), {.width = priors::kCode});
    RepresentationPrior term({}, {.tasks = tasks, .width = priors::kWide});
    EXPECT_TRUE(term.parameters().empty());
    EXPECT_EQ(term.task_weights().defined(), count == 2);
    EXPECT_EQ(term.buffers().empty(), count == 1);
    FixedTaskStep step = priors::step_of(model, 0, torch::tensor({1, 2}));
    EXPECT_TRUE(term.compute(step).sum.isfinite().item<bool>());
    EXPECT_EQ(term.compute(step).count.item<double>(), 2);
  }
  const std::vector<Task> tasks = priors::tasks_of({2, 2, 2});
  EXPECT_TRUE(
      RepresentationPrior({.task_prior = {.prior = "standard"}}, {.tasks = tasks, .width = 4}).parameters().empty());
  Task words = tasks[0];
  words.kind = TaskKind::tagging;
  const RepresentationPrior term({}, {.tasks = {tasks[0], words, tasks[1], tasks[2]}, .width = 4});
  EXPECT_FALSE(term.applies_to(words));
  EXPECT_EQ(term.named_parameters()["weights.logits"].sizes(), at::IntArrayRef({3, 2}));
  const Tensor weights = term.task_weights();
  EXPECT_EQ(weights.sizes(), at::IntArrayRef({4, 4}));
  EXPECT_EQ(weights[1].abs().sum().item<double>() + weights.select(1, 1).abs().sum().item<double>(), 0);
}

TEST(WeightPrior, IsTheSumOverClassesOfTheDivergenceToTheOthers) {
  const std::vector<Task> tasks = priors::tasks_of({3, 3, 2});
  const MultiTaskModel model = priors::model_of(bayesian_heads(tasks), {.width = priors::kCode});
  WeightPrior term({.temperature_from = 2}, {.tasks = tasks, .width = priors::kWide});
  FixedTaskStep step = priors::step_of(model, 0, torch::tensor({1, 2, 0}));
  EXPECT_EQ(term.count(step.batch_), 1);
  const LossValue found = term.compute(step);
  EXPECT_EQ(found.count.item<double>(), 1);
  const auto moments = [&](std::size_t t) {
    const WeightPosterior posterior = *model.weight_posterior(t);
    return GaussianMoments{posterior.mean, posterior.log_variance.exp()};
  };
  const GaussianMoments own = moments(0), second = moments(1), third = ops::match_classes(moments(2), 3);
  const Tensor weights =
      ops::gumbel_softmax(at::zeros({2}), ops::gumbel_noise(priors::uniform_of(step, "weight_prior", 2)), 2.0);
  const Tensor expected =
      ops::kl_to_tasks(own, {at::stack({second.mean, third.mean}), at::stack({second.variance, third.variance})},
                       weights, ops::TaskPrior::combine)
          .sum();
  EXPECT_TRUE(close(found.sum, expected, 1e-3, 1e-5));
  // The task's own weights and logits, no others.
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const auto gradients =
        torch::autograd::grad({found.sum}, model.head(t).parameters(), {}, true, false, /*allow_unused=*/true);
    for (const Tensor& gradient : gradients) EXPECT_EQ(gradient.defined(), t == 0);
  }
  const Tensor logits = torch::autograd::grad({found.sum}, term.parameters(), {}, true)[0];
  EXPECT_GT(logits[0].abs().sum().item<float>(), 0.0F);
  EXPECT_EQ(logits.narrow(0, 1, 2).abs().sum().item<float>(), 0.0F);
}

TEST(WeightPrior, OfTwoTasksIsThePlainDivergence) {  // PT-2.2
  const std::vector<Task> tasks = priors::tasks_of({3, 3});
  const MultiTaskModel model = priors::model_of(bayesian_heads(tasks), {.width = priors::kCode});
  WeightPrior term({}, {.tasks = tasks, .width = priors::kWide});
  FixedTaskStep step = priors::step_of(model, 1, torch::tensor({1, 2, 0}));
  const WeightPosterior own = *model.weight_posterior(1), other = *model.weight_posterior(0);
  EXPECT_TRUE(close(term.compute(step).sum,
                    ops::kl_rows({own.mean, own.log_variance.exp()}, {other.mean, other.log_variance.exp()}).sum(),
                    1e-3, 1e-5));
}

TEST(WeightPrior, ComparesGeneratedBiasesToo) {
  const std::vector<Task> tasks = priors::tasks_of({2, 2, 2});
  MultiTaskModel model =
      priors::model_of(bayesian_heads(tasks, {.weights = "generated"}), {.width = priors::kCode, .amortized = true});
  // Means that tell the tasks and classes apart.
  model.architecture().begin_step(0);
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const Tensor rows = ops::TensorRandom(20 + t).normal({6, priors::kWide});
    model.architecture().forward(t, {.pooled = rows, .layers = {}, .labels = torch::tensor({0, 1, 0, 1, 1, 0})},
                                 nullptr);
  }
  model.architecture().begin_step(1);
  WeightPrior term({.prior = "mixture_bound"}, {.tasks = tasks, .width = priors::kWide});
  EXPECT_EQ(priors::refusal(term, model), "");
  FixedTaskStep step = priors::step_of(model, 2, torch::tensor({1, 0}), 1);
  const Tensor weights = ops::gumbel_softmax(
      at::zeros({2}), ops::gumbel_noise(priors::uniform_of(step, "weight_prior", 2)), std::pow(0.5, 1.0 / 3000));
  const WeightPosterior own = *model.weight_posterior(2);
  Tensor expected = at::zeros({});
  for (std::int64_t i = 0; i < 2; ++i) {
    const WeightPosterior other = *model.weight_posterior(static_cast<std::size_t>(i));
    const Tensor bias = ops::kl_rows({own.bias_mean.unsqueeze(1), own.bias_log_variance.exp().unsqueeze(1)},
                                     {other.bias_mean.unsqueeze(1), other.bias_log_variance.exp().unsqueeze(1)});
    expected =
        expected +
        weights[i] * (ops::kl_rows({own.mean, own.log_variance.exp()}, {other.mean, other.log_variance.exp()}).sum() +
                      bias.sum());
  }
  EXPECT_TRUE(close(term.compute(step).sum, expected, 1e-3, 1e-4));
}

TEST(ExpectedSupervised, IsTheMeanOverSamplesOfRepresentationAndHead) {
  std::vector<Task> tasks = priors::tasks_of({3, 2, 2, 2});
  tasks[1].kind = TaskKind::multi_label;
  tasks[2].kind = TaskKind::tagging;
  tasks[3].kind = TaskKind::regression;
  tasks[3].labels.clear();
  const MultiTaskModel model = priors::model_of(bayesian_heads(tasks), {.width = priors::kCode});
  const std::vector<Tensor> labels = {torch::tensor({0, 2}), torch::tensor({{1.0F, 0.0F}, {1.0F, 1.0F}}),
                                      torch::tensor({1, 0}), torch::tensor({0.5F, -1.0F})};
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    FixedTaskStep step = priors::step_of(model, t, labels[t]);
    ExpectedSupervised term({.samples = 2000});
    const LossValue found = term.compute(step);
    EXPECT_EQ(found.count.item<double>(), 2);
    EXPECT_TRUE(at::equal(term.compute(step).sum, found.sum));
    // The same by draws of all weights.
    const TaskRepresentation& code = step.representation_;
    const WeightPosterior weights = *model.weight_posterior(t);
    ops::TensorRandom random(77);
    double sum = 0;
    const int draws = 2000;
    for (int draw = 0; draw < draws; ++draw) {
      const Tensor z = code.mean + (code.log_variance / 2).exp() * random.normal(code.mean.sizes());
      std::vector<Tensor> rows;
      for (std::int64_t row = 0; row < 2; ++row) {
        const Tensor w = weights.mean + (weights.log_variance / 2).exp() * random.normal(weights.mean.sizes());
        rows.push_back(w.matmul(z[row]));
      }
      const Tensor output = at::stack(rows);
      switch (tasks[t].kind) {
        case TaskKind::multi_label:
          sum += ops::binary_cross_entropy(output, labels[t]).sum.item<double>();
          break;
        case TaskKind::regression:
          sum += ops::squared_error(output, labels[t]).sum.item<double>();
          break;
        default:
          sum += ops::cross_entropy(output, labels[t], 0).sum.item<double>();
      }
    }
    EXPECT_NEAR(found.sum.item<double>(), sum / draws, 0.03 * (1 + sum / draws)) << t;
    // In evaluation the plain loss of the means.
    step.training_ = false;
    step.predictions = {model.head(t).forward({code.mean})};
    const LossValue evaluated = term.compute(step);
    EXPECT_LT(evaluated.sum.item<double>(), sum / draws + 0.02) << "losses are convex in the output";
  }
}

TEST(VariationalTerms, SayWhatAModelLacks) {
  const std::vector<Task> tasks = priors::tasks_of({2, 2, 2});
  const MultiTaskModel plain = priors::model_of(linear_heads(tasks), {.width = priors::kCode}),
                       full = priors::model_of(bayesian_heads(tasks), {.width = priors::kCode});
  const TermContext context{.tasks = tasks, .width = priors::kWide};
  EXPECT_NE(priors::refusal(WeightPrior({}, context), plain).find("\"head\": \"bayesian\""), std::string::npos);
  EXPECT_EQ(priors::refusal(WeightPrior({}, context), full), "");
  EXPECT_EQ(priors::refusal(RepresentationPrior({}, context), plain), "");
  EXPECT_EQ(priors::refusal(ExpectedSupervised(), plain), "");
  const MultiTaskModel still(testing::tiny_encoder(priors::kWide), linear_heads(tasks));
  EXPECT_NE(priors::refusal(ExpectedSupervised(), still).find("nothing is random"), std::string::npos);
  EXPECT_THROW(testing::term_of({{"name", "weight_prior"}, {"prior", "mixture"}}), ConfigError);
  EXPECT_THROW(testing::term_of({{"name", "representation_prior"}, {"bank", 0}}), ConfigError);
  EXPECT_THROW(testing::term_of({{"name", "expected_supervised"}, {"samples", 0}}), ConfigError);
}

TEST(VariationalTerms, TellTheObjectiveWhatTheyLearned) {
  const Config losses = Config::from_json({{"losses", {"supervised", "representation_prior", "weight_prior"}}}, "x");
  const auto objective = Objective::from_config(
      losses.list("losses"),
      {.tasks = priors::tasks_of({2, 2, 2}), .width = priors::kWide, .representation = 5, .seed = 1});
  const auto learned = objective->task_weights();
  ASSERT_EQ(learned.size(), 2U);
  EXPECT_EQ(learned[0].first, "representation_prior");
  EXPECT_EQ(learned[1].first, "weight_prior");
  EXPECT_TRUE(close(learned[1].second.sum(1), at::ones({3}), 1e-12));
}

}  // namespace
}  // namespace infomtl
