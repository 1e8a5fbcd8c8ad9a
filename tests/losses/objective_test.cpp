#include "infomtl/losses/objective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/losses/register_loss.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/losses/task_information_minimization.h"
#include "support/compare.h"
#include "support/fixed_task_step.h"

namespace infomtl {
namespace {

using testing::close;
using testing::fixed_step;

TermContext context() {
  TermContext result;
  for (const char* name : {"emotion", "hate"}) {
    Task task;
    task.name = name;
    task.labels = {"a", "b", "c"};
    result.tasks.push_back(task);
  }
  return result;
}

std::shared_ptr<Objective> objective(const std::string& losses) {
  return Objective::from_config(Config::from_text("{\"losses\": " + losses + "}", "x.json").list("losses"), context());
}

TEST(Objective, MicroBatchesAddUpToTheBigBatch) {
  torch::manual_seed(3);
  const Tensor logits = torch::randn({6, 3});
  const Tensor labels = torch::tensor({0, 1, 2, 0, 1, 2});
  auto whole = fixed_step(TaskKind::classification, labels);
  whole.predictions = {{.output = logits, .mean = {}, .log_variance = {}}};
  Objective terms;
  terms.add(0.7, std::make_shared<Supervised>(), "supervised");
  const double expected = terms.compute(whole, terms.counts(whole.task(), whole.batch())).value.item<double>();

  double sum = 0;
  for (const auto& [begin, end] : {std::pair{0, 1}, std::pair{1, 6}}) {
    auto part = fixed_step(TaskKind::classification, labels.slice(0, begin, end));
    part.predictions = {{.output = logits.slice(0, begin, end), .mean = {}, .log_variance = {}}};
    sum += terms.compute(part, {6}).value.item<double>();
  }
  EXPECT_TRUE(close(sum, expected, 1e-6));
}

TEST(Objective, WeightsFollowTheirSchedule) {
  auto terms = objective(R"([{"name": "timin", "weight": {"schedule": "linear", "from": 0, "to": 0.5, "steps": 10}}])");
  auto step = fixed_step(TaskKind::classification, torch::tensor({1}));
  step.task_.name = "hate";
  step.predictions = {{.output = {}, .mean = torch::ones({1, 2}), .log_variance = torch::zeros({1, 2})}};
  for (const auto& [at, weight] : {std::pair{0, 0.0}, std::pair{5, 0.25}, std::pair{10, 0.5}, std::pair{99, 0.5}}) {
    step.step_ = at;
    const TaskLoss loss = terms->compute(step, {1});
    EXPECT_TRUE(close(loss.value.item<double>(), 0.5 * weight, 1e-7));
    EXPECT_TRUE(close(loss.parts.at(0).weight, weight, 1e-12));
    EXPECT_TRUE(close(loss.parts.at(0).sum.item<double>(), 0.5, 1e-6));
  }
}

TEST(Objective, ATermMayBeLimitedToTasks) {
  auto terms = objective(R"([{"name": "supervised"}, {"name": "simax", "tasks": ["hate"]}])");
  EXPECT_EQ(terms->needs(context().tasks[0]).views, 1);
  EXPECT_EQ(terms->needs(context().tasks[1]).views, 2);
}

TEST(Objective, TheSameLossTwiceGetsTwoNames) {
  auto terms = objective(R"(["supervised", {"name": "supervised", "label_smoothing": 0.1}])");
  auto step = fixed_step(TaskKind::classification, torch::tensor({1}));
  step.predictions = {{.output = torch::zeros({1, 3}), .mean = {}, .log_variance = {}}};
  const TaskLoss loss = terms->compute(step, {1, 1});
  EXPECT_EQ(loss.parts.at(0).term, "supervised");
  EXPECT_EQ(loss.parts.at(1).term, "supervised.2");
}

void expect_error(const std::string& losses, const std::string& part) {
  try {
    objective(losses);
    FAIL() << "no error for " << losses;
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Objective, ATermAddedByHandHasTheNameThatItsClassIsRegisteredUnder) {
  EXPECT_EQ(registered_name(Supervised()), "supervised");
  Objective objective;
  objective.add(1.0, std::make_shared<Supervised>());
  objective.add(0.5, std::make_shared<TaskInformationMinimization>(), "mine");
  objective.add(0.5, std::make_shared<Supervised>());
  const auto children = objective.named_children();
  ASSERT_EQ(children.size(), 3u);
  EXPECT_EQ(children[0].key(), "supervised");
  EXPECT_EQ(children[1].key(), "mine");
  EXPECT_EQ(children[2].key(), "supervised_2");
}

TEST(Objective, CollectsTheMistakesOfEveryTerm) {
  const Config config = Config::from_text(
      R"({"losses": [{"name": "supervised", "label_smothing": 0.1}, {"name": "simaxx"}, {"name": "timin", "weight": "much"}]})",
      "t.json");
  config.collect(std::make_shared<Problems>());
  const TermContext context{.tasks = {}, .width = 4, .representation = 4, .seed = 0};
  EXPECT_EQ(Objective::from_config(config.list("losses"), context)->size(), 1u)
      << "what a term with a wrong option would be is not known";
  EXPECT_EQ(config.problems()->all().size(), 3u);
}

TEST(Objective, MistakesNameTheFieldAndTheCure) {
  expect_error(R"([{"name": "simaxx"}])", "simax");
  expect_error(R"([{"name": "simax", "temprature": 1}])", "did you mean \"temperature\"");
  expect_error(R"([{"name": "simax", "temperature": 0}])", "#/losses/0/temperature");
  expect_error(R"([{"name": "simax", "temperature": "1"}])", "temperature");
  expect_error(R"([{"name": "simax", "tasks": ["hat"]}])", "hate");
  expect_error(R"([{"name": "timin", "reduction": "average"}])", "mean");
  expect_error(R"([{"name": "timin", "weight": {"schedule": "linear", "to": 1, "steps": 0}}])", "steps");
}

// Says one item, and computes what it is told to.
class Misbehaving final : public LossTerm {
 public:
  explicit Misbehaving(double items) : items_(items) {}
  std::int64_t count(const TaskBatch& /*rows*/) const override { return 1; }
  LossValue compute(TaskStep& /*step*/) override {
    if (items_ < 0) throw std::runtime_error("out of luck");
    return {torch::zeros({}), torch::full({}, items_)};
  }

 private:
  double items_;
};

TEST(Objective, ATermThatMiscountsOrThrowsIsNamed) {
  auto step = fixed_step(TaskKind::classification, torch::tensor({1}));
  for (const auto& [items, words] : {std::pair{1.0, ""}, std::pair{7.0, "count() says 1, compute() 7"},
                                     std::pair{std::nan(""), "count() says 1"}, std::pair{-1.0, "out of luck"}}) {
    Objective terms;
    terms.add(1.0, std::make_shared<Misbehaving>(items), "odd");
    std::string message;
    try {
      terms.compute(step, {1});
    } catch (const StateError& error) {
      message = error.what();
    }
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_EQ(message.find("loss \"odd\"") == 0, items != 1.0) << message;
  }
}

TEST(Objective, EvaluationLeavesOutTermsOfTrainingOnly) {
  auto terms = objective(R"([{"name": "supervised"}, {"name": "timin", "weight": 5}])");
  auto step = fixed_step(TaskKind::classification, torch::tensor({1}));
  step.task_.name = "hate";
  step.training_ = false;
  step.predictions = {
      {.output = torch::zeros({1, 3}), .mean = torch::ones({1, 3}), .log_variance = torch::zeros({1, 3})}};
  step.shared_views = {torch::zeros({1, 4})};
  const TaskLoss loss = terms->compute(step, {1, 1});
  EXPECT_EQ(loss.parts.size(), 1u);
  EXPECT_TRUE(close(loss.value.item<double>(), std::log(3.0), 1e-6));
}

}  // namespace
}  // namespace infomtl
