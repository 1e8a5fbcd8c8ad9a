// What an objective refuses of a model before any step: heads that a penalty can't call, two losses of one task, penalties that
// are there twice or have a negative weight; and what it tells of draws.

#include <gtest/gtest.h>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/problems.h"
#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "losses/tiny_encoder.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::message_of;

const std::vector<Task>& checked_tasks() {
  static const std::vector<Task> tasks = [] {
    std::vector<Task> made(3);
    for (std::size_t t = 0; t < made.size(); ++t) {
      made[t].name = "task" + std::to_string(t);
      made[t].labels = {"no", "yes"};
    }
    return made;
  }();
  return tasks;
}

MultiTaskModel checked_model(const Json& head, const Json& architecture = "shared") {
  const auto encoder = testing::tiny_encoder();
  const HeadFactory make = [head](const HeadContext& context) {  // the model keeps it
    return head_registry().build(Config::from_json(head, "head"), context);
  };
  return MultiTaskModel(encoder, TaskHeads{.tasks = checked_tasks(), .heads = {make, make, make}},
                        [&](const ArchitectureContext& context) {
                          return architecture_registry().build(Config::from_json(architecture, "architecture"),
                                                               context);
                        });
}

std::shared_ptr<Objective> checked_objective(const Json& losses, const Json& penalties = Json::array(),
                                             std::vector<Task> tasks = checked_tasks()) {
  const Config config = Config::from_json({{"losses", losses}, {"penalties", penalties}}, "c.json");
  return Objective::from_config(config.list("losses"),
                                {.tasks = std::move(tasks), .width = 8, .representation = 8, .seed = 1},
                                config.list("penalties"));
}

/// "" where the objective fits.
std::string refusal_of(const Json& losses, const Json& penalties = Json::array(), const Json& head = "linear",
                       const Json& architecture = "shared") {
  const auto objective = checked_objective(losses, penalties);
  const MultiTaskModel model = checked_model(head, architecture);
  try {
    objective->check(model);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

const Json kGenerated = {{"name", "bayesian"}, {"weights", "generated"}};
const Json kAmortized = {{"name", "variational"}, {"width", 8}, {"amortized", true}};

TEST(ObjectiveCheck, DummyHeadsAreCalledAloneAndTheCureIsNamed) {
  const Json losses = {"supervised"}, dgr = {"dgr"};
  EXPECT_EQ(refusal_of(losses, dgr), "");
  EXPECT_EQ(refusal_of(losses, dgr, "gaussian"), "");
  EXPECT_EQ(refusal_of(losses, dgr, "bayesian"), "");
  EXPECT_EQ(refusal_of(losses, dgr, {{"name", "feedback"}, {"rounds", 1}}), "");
  const std::string reads = refusal_of(losses, dgr, "feedback");
  EXPECT_NE(reads.find("penalty \"dgr\", task \"task0\": it calls heads"), std::string::npos) << reads;
  EXPECT_NE(reads.find("\"linear\""), std::string::npos) << reads;
  const std::string tokens = refusal_of(losses, dgr, "cnn");
  EXPECT_NE(tokens.find("penalty \"dgr\", task \"task0\": it calls heads"), std::string::npos) << tokens;
  EXPECT_NE(tokens.find("read the states of all tokens; set \"head\""), std::string::npos) << tokens;
  const std::string generated = refusal_of(losses, dgr, kGenerated, kAmortized);
  EXPECT_NE(generated.find("generates the weights"), std::string::npos) << generated;
  EXPECT_NE(generated.find("\"weights\": \"own\""), std::string::npos) << generated;
}

TEST(ObjectiveCheck, SamplesOfARepresentationNeedAHeadThatReadsIt) {
  const Json expected = Json::array({{{"name", "expected_supervised"}}}), none = Json::array();
  const Json variational = {{"name", "variational"}, {"width", 8}};
  EXPECT_EQ(refusal_of(expected, none, "linear", variational), "");
  const std::string text = refusal_of(expected, none, "cnn", variational);
  EXPECT_NE(text.find("the head of task \"task0\" reads the states of all tokens"), std::string::npos) << text;
  EXPECT_NE(text.find("\"linear\" or \"bayesian\""), std::string::npos) << text;
}

TEST(ObjectiveCheck, ATaskHasOneLossOfItsOwn) {
  const Json expected = {{"name", "expected_supervised"}},
             smoothed = {{"name", "supervised"}, {"label_smoothing", 0.1}};
  const auto of = [](const char* name, const Json& tasks) { return Json{{"name", name}, {"tasks", tasks}}; };
  const Json variational = {{"name", "variational"}, {"width", 8}};
  EXPECT_EQ(refusal_of(Json::array({expected}), Json::array(), "bayesian", variational), "");
  EXPECT_EQ(refusal_of({of("supervised", {"task0"}), of("expected_supervised", {"task1", "task2"})}, Json::array(),
                       "bayesian", variational),
            "");
  EXPECT_EQ(refusal_of({"supervised", "focal"}), "");
  for (const Json& losses : {Json{"supervised", expected}, Json{"supervised", smoothed},
                             Json{{{"name", "supervised"}, {"weighted", false}}, smoothed}}) {
    const std::string text = refusal_of(losses, Json::array(), "bayesian", variational);
    EXPECT_NE(text.find("both the loss of task \"task0\""), std::string::npos) << losses << text;
  }
  Json other = smoothed;
  other["tasks"] = {"task1", "task2"};
  const std::string shared = refusal_of({of("supervised", {"task0", "task1"}), other});
  EXPECT_NE(shared.find("task \"task1\""), std::string::npos) << shared;
}

TEST(ObjectiveCheck, EachTermThatDoesNotFitIsToldOnce) {
  Problems problems;
  const auto objective =
      checked_objective({"timin", "supervised", "bottleneck", {{"name", "supervised"}, {"views", 2}}},
                        {"dgr", {{"name", "dgr"}, {"dummies", 2}}});
  const MultiTaskModel model = checked_model("linear");
  objective->check_terms(model, &problems);
  ASSERT_EQ(problems.all().size(), 2U);
  EXPECT_EQ(problems.all()[0].find("c.json#/losses/0: loss \"timin\", task \"task0\": needs a gaussian head"), 0U)
      << problems.all()[0];
  EXPECT_EQ(problems.all()[1].find("c.json#/losses/2: loss \"bottleneck\", task \"task0\": needs"), 0U)
      << problems.all()[1];
  objective->check_doubles(model.tasks(), &problems);
  ASSERT_EQ(problems.all().size(), 4U);
  EXPECT_EQ(problems.all()[2].find("c.json#/losses/3: \"supervised\" and \"supervised.2\" are both the loss"), 0U)
      << problems.all()[2];
  EXPECT_EQ(problems.all()[3].find("c.json#/penalties/1: penalty \"dgr\" is there twice"), 0U) << problems.all()[3];
  EXPECT_NE(refusal_of({{{"name", "supervised"}, {"tasks", {"task1"}}}}).find("for tasks \"task0\", \"task2\""),
            std::string::npos);
}

TEST(ObjectiveCheck, ATermThatSomethingIsWrongWithIsLeftOutWhereProblemsAreCollected) {
  const Json doubled = {{"name", "supervised"}, {"tasks", {"task0"}}};
  const Config config = Config::from_json(
      {{"losses", {doubled, doubled, {{"name", "simax"}, {"temprature", 1}}, {{"name", "timin"}, {"tasks", {"tsk"}}}}}},
      "c.json");
  const auto problems = std::make_shared<Problems>();
  config.collect(problems);
  const TermContext context{.tasks = checked_tasks(), .width = 8, .representation = 8, .seed = 1};
  for (int time = 1; time <= 2; ++time) {  // told again, it is as wrong
    EXPECT_EQ(Objective::from_config(config.list("losses"), context)->size(), 1U);
    EXPECT_EQ(problems->all().size(), 3U);
  }
}

TEST(ObjectiveCheck, APenaltyIsThereOncePerTaskAndNeverNegative) {
  const auto dgr = [](const Json& tasks) { return Json{{"name", "dgr"}, {"weight", 0.1}, {"tasks", tasks}}; };
  EXPECT_EQ(refusal_of({"supervised"}, {dgr({"task0"}), dgr({"task1", "task2"})}), "");
  EXPECT_EQ(refusal_of({"supervised"}, {"dgr", "representation_gradient_norm"}), "");
  const std::string twice = refusal_of({"supervised"}, {{{"name", "dgr"}, {"dummies", 2}}, dgr({"task2"})});
  EXPECT_NE(twice.find("penalty \"dgr\" is there twice for task \"task2\""), std::string::npos) << twice;
  for (const Json& weight : {Json(-0.1), Json{{"schedule", "linear"}, {"from", 0.1}, {"to", -0.1}, {"steps", 5}},
                             Json{{"schedule", "staircase"}, {"from", -1}, {"to", 1}, {"steps", 5}, {"every", 2}}}) {
    const std::string text = message_of<ConfigError>([&] {
      checked_objective({"supervised"}, {{{"name", "dgr"}, {"weight", weight}}});
    });
    EXPECT_NE(text.find("c.json#/penalties/0/weight"), std::string::npos) << text;
  }
  EXPECT_NO_THROW(checked_objective({"supervised"}, {{{"name", "dgr"}, {"weight", 0}}}));
}

TEST(ObjectiveCheck, ANameOfTheOtherListIsToldWhereItBelongs) {
  for (const Json& term : {Json("dgr"), Json{{"name", "dgr"}, {"weight", 1}}}) {
    const std::string text = message_of<ConfigError>([&] {
      checked_objective(Json::array({Json("supervised"), term}));
    });
    EXPECT_NE(text.find("c.json#/losses/1"), std::string::npos) << text;
    EXPECT_NE(text.find("\"dgr\" is a penalty; name it in \"penalties\""), std::string::npos) << text;
  }
  const std::string text = message_of<ConfigError>([] { checked_objective({"supervised"}, {"simax"}); });
  EXPECT_NE(text.find("\"simax\" is a loss; name it in \"losses\""), std::string::npos) << text;
}

TEST(ModelCheck, PapersNamesAreHints) {
  const std::string text = message_of<ConfigError>([] { checked_model("linear", "vmtl"); });
  EXPECT_NE(text.find("here that is \"variational\""), std::string::npos) << text;
}

TEST(ObjectiveCheck, TermsThatDrawForAWholeBatchAreTold) {
  const Json losses = {"expected_supervised", "representation_prior", "weight_prior"};
  EXPECT_EQ(checked_objective(losses)->drawing_per_batch(),
            (std::vector<std::string>{"representation_prior", "weight_prior"}));
  // Of two tasks one takes all from the other: nothing is drawn. Nor for N(0, I).
  const std::vector<Task> two(checked_tasks().begin(), checked_tasks().begin() + 2);
  EXPECT_TRUE(checked_objective(losses, Json::array(), two)->drawing_per_batch().empty());
  EXPECT_TRUE(checked_objective({{{"name", "weight_prior"}, {"prior", "standard"}}})->drawing_per_batch().empty());
  EXPECT_TRUE(checked_model("feedback").head(0).draws_per_batch());
  EXPECT_FALSE(checked_model({{"name", "feedback"}, {"layers", 0}}).head(0).draws_per_batch());
  EXPECT_FALSE(checked_model("bayesian").head(0).draws_per_batch());
}

TEST(ObjectiveCheck, TasksThatATermIsNotDefinedForAreTold) {
  std::vector<Task> tasks = checked_tasks();
  tasks[1].kind = TaskKind::tagging;
  const Json limited = {{"name", "simax"}, {"tasks", {"task0"}}};
  const auto objective = checked_objective({"supervised", "representation_prior", limited}, Json::array(), tasks);
  const std::vector<std::string> lines = objective->left_out(tasks);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].find("loss \"representation_prior\" leaves out task1:"), 0U) << lines[0];
  EXPECT_TRUE(objective->left_out(checked_tasks()).empty());
}

TEST(ObjectiveCheck, TemperaturesOfPriorsFall) {
  for (const char* const name : {"weight_prior", "representation_prior"}) {
    const std::string text = message_of<ConfigError>([&] {
      checked_objective({{{"name", name}, {"temperature_from", 0.5}, {"temperature_to", 1.0}}});
    });
    EXPECT_NE(text.find(name), std::string::npos) << text;
    EXPECT_NE(text.find("is above temperature_from"), std::string::npos) << text;
  }
}

TEST(ObjectiveCheck, ARepresentationPriorAsksForTheVariationalArchitectureFirst) {
  const std::string text = refusal_of({"supervised", "representation_prior"});
  EXPECT_NE(text.find("\"variational\""), std::string::npos) << text;
  EXPECT_EQ(text.find("\"vib\""), std::string::npos) << text;
}

TEST(ModelCheck, GeneratedWeightsAndHeadsThatTakeThemGoTogether) {
  EXPECT_NO_THROW(checked_model(kGenerated, kAmortized));
  const std::string none = message_of<ConfigError>([] { checked_model(kGenerated); });
  EXPECT_NE(none.find("\"amortized\": true"), std::string::npos) << none;
  EXPECT_NE(message_of<ConfigError>([] { checked_model(kGenerated, {{"name", "variational"}}); }), "");
  for (const char* const head : {"linear", "gaussian", "bayesian"}) {
    const std::string unused = message_of<ConfigError>([&] { checked_model(head, kAmortized); });
    EXPECT_NE(unused.find("no head takes them"), std::string::npos) << unused;
  }
}

TEST(ModelCheck, AVariationalCodeMayBeWiderThanTheEncoder) {
  EXPECT_EQ(checked_model("bayesian", {{"name", "variational"}, {"width", 256}}).architecture().width(), 256);
  for (const double scale : {-21.0, 6.0}) {
    EXPECT_THROW(checked_model("linear", {{"name", "variational"}, {"initial_scale", scale}}), ConfigError);
    EXPECT_THROW(checked_model({{"name", "bayesian"}, {"initial_scale", scale}}), ConfigError);
  }
}

}  // namespace
}  // namespace infomtl
