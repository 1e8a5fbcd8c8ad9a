#include "infomtl/losses/feedback_convergence.h"

#include "infomtl/core/errors.h"
#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "losses/term_cases.h"
#include "losses/tiny_encoder.h"

namespace infomtl {
namespace {

using testing::close;
using testing::fixed_step;
using testing::random_rows;
using testing::term_of;

/// A step whose head spoke in rounds; the last one is its output.
testing::FixedTaskStep rounds_step(TaskKind kind, const Tensor& labels, std::vector<Tensor> rounds) {
  auto step = fixed_step(kind, labels);
  Prediction prediction;
  prediction.output = rounds.back();
  rounds.pop_back();
  prediction.earlier = std::move(rounds);
  step.predictions = {prediction};
  return step;
}

Tensor labels_of_kind(TaskKind kind) {
  return kind == TaskKind::multi_label  ? torch::zeros({4, 3})
         : kind == TaskKind::regression ? torch::zeros({4})
                                        : torch::zeros({4}, torch::kInt64);
}

TEST(FeedbackConvergence, IsTheUnrestOfTheTasksProbabilities) {
  const std::vector<Tensor> rounds = {random_rows(1, 4, 3), random_rows(2, 4, 3), random_rows(3, 4, 3)};
  for (const TaskKind kind :
       {TaskKind::classification, TaskKind::multi_label, TaskKind::regression, TaskKind::tagging}) {
    std::vector<Tensor> said;
    for (const Tensor& output : rounds) {
      said.push_back(kind == TaskKind::multi_label  ? output.sigmoid()
                     : kind == TaskKind::regression ? output
                                                    : output.softmax(1));
    }
    auto step = rounds_step(kind, labels_of_kind(kind), rounds);
    const Tensor first = (said[1] - said[0]).square().sum(1), second = (said[2] - said[1]).square().sum(1);
    const LossValue delta = term_of({{"name", "feedback_convergence"}})->compute(step);
    EXPECT_TRUE(close(delta.mean(), (first + second).mean(), 1e-12));
    EXPECT_EQ(delta.count.item<double>(), static_cast<double>(FeedbackConvergence().count(step.batch_)));
    const auto monotone = term_of({{"name", "feedback_convergence"}, {"form", "monotone"}});
    EXPECT_TRUE(close(monotone->compute(step).mean(), (second.sqrt() - first.sqrt()).clamp_min(0).mean(), 1e-12));
  }
  EXPECT_FALSE(FeedbackConvergence().in_evaluation());
  EXPECT_FALSE(FeedbackConvergence().compares_rows());
}

TEST(FeedbackConvergence, ReachesEveryRound) {
  for (const char* form : {"delta", "monotone"}) {
    const auto term = term_of({{"name", "feedback_convergence"}, {"form", form}});
    EXPECT_TRUE(testing::gradients_match(
        [&](const std::vector<Tensor>& in) {
          auto step = rounds_step(TaskKind::classification, torch::zeros({4}, torch::kInt64), {in[0], in[1], in[2]});
          return term->compute(step).sum;
        },
        {random_rows(1, 4, 3), random_rows(2, 4, 3), random_rows(3, 4, 3)}));
  }
  auto none =
      rounds_step(TaskKind::tagging, torch::zeros({0}, torch::kInt64), {torch::zeros({0, 3}), torch::zeros({0, 3})});
  EXPECT_EQ(FeedbackConvergence().compute(none).sum.item<double>(), 0);
  EXPECT_EQ(FeedbackConvergence().compute(none).count.item<double>(), 0);
}

TEST(FeedbackConvergence, NeedsHeadsOfRoundsAndNamesTheCure) {
  std::vector<Task> tasks(2);
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    tasks[t].name = "task" + std::to_string(t);
    tasks[t].labels = {"no", "yes"};
  }
  const auto encoder = testing::tiny_encoder();
  const auto check = [&](const TaskHeads& heads, const char* form) -> std::string {
    const Json term = {{"name", "feedback_convergence"}, {"form", form}, {"weight", 0.1}};
    const Config losses = Config::from_json({{"losses", {"supervised", term}}}, "x.json");
    const auto objective = Objective::from_config(losses.list("losses"), {.tasks = tasks, .width = 8});
    try {
      objective->check(MultiTaskModel(encoder, heads));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(check(feedback_heads(tasks), "delta"), "");
  EXPECT_EQ(check(feedback_heads(tasks, {.rounds = 3}), "monotone"), "");
  EXPECT_NE(check(linear_heads(tasks), "delta").find("\"head\": {\"name\": \"feedback\", \"rounds\": 2}"),
            std::string::npos);
  EXPECT_NE(check(feedback_heads(tasks), "monotone").find("\"rounds\": 3"), std::string::npos);
  EXPECT_THROW(feedback_heads(tasks, {.rounds = 0}), ConfigError);
  EXPECT_THROW(MultiTaskModel(encoder, feedback_heads(tasks, {.reads = {"task3"}})), ConfigError);
  auto step = fixed_step(TaskKind::classification, torch::tensor({1}));
  step.predictions = {{.output = torch::zeros({1, 3})}};
  EXPECT_THROW(FeedbackConvergence().compute(step), StateError);
}

}  // namespace
}  // namespace infomtl
