// Options of loss terms against the tasks that they are for: class weights, options without effect, doubled terms, weights
// below zero, tasks whose labels nothing reads.

#include "infomtl/core/config.h"
#include "infomtl/losses/focal.h"
#include "infomtl/losses/objective.h"
#include "infomtl/losses/penalty.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/model/architecture.h"
#include "infomtl/model/head.h"
#include "infomtl/ops/information/classification.h"
#include "support/compare.h"
#include "support/fixed_task_step.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::close;
using testing::fixed_step;
using testing::message_of;

Task task_for_options(const std::string& name, TaskKind kind, std::vector<std::int64_t> counts = {}) {
  Task task;
  task.name = name;
  task.type = "of a test";
  task.kind = kind;
  if (kind != TaskKind::regression) task.labels = {"a", "b", "c"};
  task.label_counts = std::move(counts);
  task.train_rows = 10;
  return task;
}

const std::vector<Task>& option_tasks() {
  static const std::vector<Task> all = {task_for_options("topic", TaskKind::classification, {7, 2, 1}),
                                        task_for_options("sets", TaskKind::multi_label, {5, 1, 0}),
                                        task_for_options("value", TaskKind::regression)};
  return all;
}

std::shared_ptr<Objective> objective_over_tasks(const std::string& losses) {
  TermContext context;
  context.tasks = option_tasks();
  return Objective::from_config(Config::from_text("{\"losses\": " + losses + "}", "x.json").list("losses"), context);
}

std::string refusal_of_losses(const std::string& losses) {
  return message_of<ConfigError>([&] { objective_over_tasks(losses)->check_options(option_tasks()); });
}

ClassWeights weights_from(const std::string& settings) {
  return Config::from_text(settings, "x.json").read<ClassWeights>();
}

TEST(ClassWeightsOfTasks, ComeFromNumbersNamesOrTheTrainingRows) {
  const auto of = [](const std::string& settings, std::size_t task) {
    return class_weights_of(weights_from(settings), option_tasks()[task]);
  };
  EXPECT_TRUE(close(of(R"({"class_weights": [1, 2, 3]})", 0), torch::tensor({1.0, 2.0, 3.0}), 0));
  EXPECT_TRUE(close(of(R"({"class_weights": {"b": 4}})", 0), torch::tensor({1.0, 4.0, 1.0}), 0));
  EXPECT_TRUE(close(of(R"({"class_weights": "balanced"})", 0), torch::tensor({10.0 / 21, 10.0 / 6, 10.0 / 3}), 1e-6));
  EXPECT_TRUE(close(of(R"({"class_weights": "effective_number", "beta": 0})", 0), torch::ones({3}), 0));
  EXPECT_TRUE(close(of(R"({"class_weights": "balanced"})", 1), torch::tensor({1.0, 9.0, 1.0}), 1e-6))
      << "absent over present; a label that never occurs is left alone";
  EXPECT_FALSE(of(R"({"class_weights": "balanced"})", 2).defined());
  EXPECT_FALSE(of("{}", 0).defined());
}

TEST(ClassWeightsOfTasks, AreNotAllZero) {
  const auto refused = [](const std::string& settings, std::size_t task) {
    return message_of<ConfigError>([&] { class_weights_of(weights_from(settings), option_tasks()[task]); });
  };
  EXPECT_EQ(refused(R"({"class_weights": [0, 0, 0]})", 0),
            "class_weights: those of task \"topic\" are all 0; nothing would be learned");
  EXPECT_NE(refused(R"({"class_weights": {"a": 0, "b": 0, "c": 0}})", 1).find("all 0"), std::string::npos);
  EXPECT_TRUE(close(class_weights_of(weights_from(R"({"class_weights": [0, 0, 2]})"), option_tasks()[0]),
                    torch::tensor({0.0, 0.0, 2.0}), 0))
      << "a class that never counts may be meant";
  EXPECT_NE(refusal_of_losses(R"([{"name": "supervised", "class_weights": [0, 0, 0]}])")
                .find("x.json#/losses/0: loss \"supervised\": class_weights: those of task \"topic\""),
            std::string::npos);
}

TEST(ClassWeightsOfTasks, AreInTheLossThatTrains) {
  Supervised::Settings settings;
  settings.classes.weights.word = "balanced";
  Supervised weighted(settings);
  auto step = fixed_step(TaskKind::classification, torch::tensor({0, 2, 2, 1}));
  step.task_ = option_tasks()[0];
  torch::manual_seed(4);
  const Tensor logits = torch::randn({4, 3});
  step.predictions = {{.output = logits, .mean = {}, .log_variance = {}}};
  const LossValue loss = weighted.compute(step);
  const Tensor each = at::cross_entropy_loss(logits, step.labels(), {}, at::Reduction::None);
  const Tensor expected = (each * torch::tensor({10.0 / 21, 10.0 / 3, 10.0 / 3, 10.0 / 6})).sum();
  EXPECT_TRUE(close(loss.sum, expected.to(torch::kFloat32), 1e-5));
  EXPECT_EQ(loss.count.item<double>(), 4);
}

TEST(CountsOfParts, AndWidthsHaveAnUpperBoundSinceMemoryIsTakenForThem) {
  std::size_t looked_at = 0;
  const auto look = [&](const auto& registry) {
    for (const RegistryEntry& entry : registry.entries()) {
      for (const FieldInfo& option : entry.options) {
        if (option.type != "integer" || option.name.ends_with("steps")) continue;  // steps take time, not memory
        EXPECT_NE(option.allowed.find('<'), std::string::npos) << entry.name << ": " << option.name;
        ++looked_at;
      }
    }
  };
  look(architecture_registry());
  look(head_registry());
  look(loss_registry());
  look(penalty_registry());
  EXPECT_GT(looked_at, 10U);
}

TEST(TermOptions, WithoutEffectOnAnyTaskAreRefused) {
  EXPECT_NE(
      refusal_of_losses(R"([{"name": "focal", "alpha": 0.25, "tasks": ["topic"]}])").find("loss \"focal\": alpha:"),
      std::string::npos);
  EXPECT_NE(refusal_of_losses(R"([{"name": "supervised", "label_smoothing": 0.1, "tasks": ["value"]}])")
                .find("label_smoothing"),
            std::string::npos);
  EXPECT_NE(refusal_of_losses(R"([{"name": "supervised", "class_weights": "balanced", "tasks": ["value"]}])")
                .find("no classes"),
            std::string::npos);
  for (const char* fine :
       {R"([{"name": "focal", "alpha": 0.25}])", R"([{"name": "supervised", "label_smoothing": 0.1}])",
        R"([{"name": "supervised", "class_weights": "balanced"}])"}) {
    EXPECT_NO_THROW(objective_over_tasks(fine)->check_options(option_tasks())) << fine;
  }
}

TEST(TermOptions, ClassWeightsMustFitTheLabels) {
  EXPECT_NE(refusal_of_losses(R"([{"name": "supervised", "class_weights": [1, 2]}])").find("2 numbers for 3 labels"),
            std::string::npos);
  EXPECT_NE(refusal_of_losses(R"([{"name": "supervised", "class_weights": {"d": 2}}])").find("no label \"d\""),
            std::string::npos);
  EXPECT_NE(
      refusal_of_losses(R"([{"name": "supervised", "class_weights": [1, -2, 1]}])").find("#/losses/0/class_weights/1"),
      std::string::npos);
  EXPECT_NE(
      refusal_of_losses(R"([{"name": "supervised", "class_weights": "balance"}])").find("did you mean \"balanced\"?"),
      std::string::npos);
  std::vector<Task> unknown = option_tasks();
  unknown[0].label_counts.clear();
  const auto balanced = objective_over_tasks(R"([{"name": "supervised", "class_weights": "balanced"}])");
  EXPECT_NE(message_of<ConfigError>([&] { balanced->check_options(unknown); }).find("is not known"), std::string::npos);
}

TEST(TermOptions, ATermTwiceForOneTaskIsRefused) {
  for (const char* doubled :
       {R"(["supervised", "supervised"])", R"(["supervised", {"name": "supervised", "weight": 0.5}])",
        R"([{"name": "supervised", "tasks": ["topic"]}, {"name": "supervised", "tasks": ["value", "topic"]}])"}) {
    EXPECT_NE(refusal_of_losses(doubled).find("x.json#/losses/1: \"supervised\" a second time"), std::string::npos)
        << doubled;
  }
  EXPECT_NO_THROW(objective_over_tasks(
      R"([{"name": "supervised", "tasks": ["topic"]}, {"name": "supervised", "tasks": ["value"]}])"));
  EXPECT_NO_THROW(objective_over_tasks(R"(["supervised", {"name": "supervised", "label_smoothing": 0.1}])"))
      << "another loss";
}

TEST(TermOptions, NegativeWeightsAreRefused) {
  EXPECT_NE(refusal_of_losses(R"([{"name": "supervised", "weight": -0.1}])").find("x.json#/losses/0/weight: negative"),
            std::string::npos);
  EXPECT_NE(
      refusal_of_losses(R"([{"name": "timin", "weight": {"schedule": "linear", "from": 0.1, "to": -1, "steps": 9}}])")
          .find("negative"),
      std::string::npos);
  EXPECT_NO_THROW(objective_over_tasks(R"(["supervised", {"name": "timin", "weight": 0}])"));
}

TEST(TermOptions, WeightsWhoseProductsWouldOverflowAreRefused) {
  for (const char* weight : {"1e30", R"({"schedule": "linear", "from": 0, "to": 1e30, "steps": 9})",
                             R"({"schedule": "exponential", "from": 1e30, "to": 1, "steps": 9})"}) {
    const std::string said = refusal_of_losses(R"([{"name": "supervised", "weight": )" + std::string(weight) + "}]");
    EXPECT_NE(said.find("x.json#/losses/0/weight: 1e+30; must be a number >= 0 and <= 1000000000"), std::string::npos)
        << said;
  }
  for (const char* losses : {R"([{"name": "supervised", "class_weights": {"a": 1e30}}])",
                             R"(["supervised", {"name": "adversarial_parameters", "contrast": 1e30}])"}) {
    EXPECT_NE(refusal_of_losses(losses).find("<= 1000000000"), std::string::npos) << losses;
  }
  EXPECT_NO_THROW(objective_over_tasks(R"([{"name": "supervised", "weight": 1e9}])"));
}

TEST(TermOptions, TasksWhoseLabelsNothingReadsAreFound) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(objective_over_tasks(R"(["simax"])")->tasks_without_labels(option_tasks()),
            (Names{"topic", "sets", "value"}));
  EXPECT_EQ(objective_over_tasks(R"(["simax", "focal"])")->tasks_without_labels(option_tasks()), (Names{"value"}));
  EXPECT_EQ(objective_over_tasks(R"([{"name": "supervised", "tasks": ["value"]}, "r_drop"])")
                ->tasks_without_labels(option_tasks()),
            (Names{"topic", "sets"}));
  EXPECT_EQ(objective_over_tasks(R"(["supervised"])")->tasks_without_labels(option_tasks()), Names{});
}

}  // namespace
}  // namespace infomtl
