#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/metrics/metric.h"

using namespace infomtl;

namespace {

const MetricContext kStance{TaskKind::classification, {"none", "against", "favor"}};
const MetricContext kNumber{TaskKind::regression, {}};
const MetricContext kEntities{TaskKind::tagging, {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}};

std::string message_of(const char* config, const MetricContext& space) {
  try {
    const Config task = Config::from_text(std::string("{\"metric\": ") + config + "}", "task.json");
    build_metric(task.value("metric"), space);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

double values_score(const char* name, std::vector<double> gold, std::vector<double> predicted) {
  const Predictions p{.space = kNumber, .gold_values = std::move(gold), .predicted_values = std::move(predicted)};
  return build_metric(name, kNumber)->score(p);
}

double entities_score(Json metric, std::vector<std::int64_t> gold, std::vector<std::int64_t> predicted,
                      std::vector<std::size_t> lengths) {
  const Predictions p{.space = kEntities,
                      .gold = std::move(gold),
                      .predicted = std::move(predicted),
                      .sentence_lengths = std::move(lengths)};
  return build_metric(Config::from_json(std::move(metric)), kEntities)->score(p);
}

}  // namespace

TEST(Metrics, WrongNamesAndOptionsTellPlaceAndCure) {
  EXPECT_EQ(message_of("\"macro-f1\"", kStance),
            "task.json#/metric: unknown metric \"macro-f1\"; did you mean \"macro_f1\"?");
  EXPECT_EQ(message_of(R"({"name": "subset_f1", "labels": ["against", "favour"]})", kStance),
            "task.json#/metric: subset_f1: the task has no label \"favour\"; did you mean \"favor\"?");
  EXPECT_EQ(message_of("\"subset_f1\"", kStance),
            "task.json#/metric: subset_f1: needs \"labels\": the names whose F1 is averaged");
  EXPECT_EQ(message_of("\"binary_f1\"", kStance),
            "task.json#/metric: binary_f1: needs \"label\": which of the 3 labels is positive");
  EXPECT_EQ(message_of(R"({"name": "binary_f1", "lable": "favor"})", kStance),
            "task.json#/metric/lable: unknown key; did you mean \"label\"?");
  EXPECT_EQ(message_of(R"({"name": "macro_f1", "over": "some"})", kStance),
            "task.json#/metric/over: unknown \"some\"; known: present, all");
  EXPECT_EQ(message_of("\"pearson\"", kStance),
            "task.json#/metric: \"pearson\" cannot score a task of kind classification");
  EXPECT_EQ(message_of("\"accuracy\"", kNumber),
            "task.json#/metric: \"accuracy\" cannot score a task of kind regression");
  EXPECT_EQ(message_of("3", kNumber), "task.json#/metric: found the number 3; must be a string");
  EXPECT_EQ(message_of("\"entity_f1\"", {TaskKind::tagging, {"NOUN", "VERB"}}),
            "task.json#/metric: entity_f1: reads the labels O, B-TYPE and I-TYPE, not \"NOUN\"; plain tags have "
            "accuracy, other schemes "
            "are named by the record's \"scheme\"");
}

TEST(Metrics, NothingToScoreIsAnErrorAsInScikitLearn) {
  for (const char* name : {"accuracy", "macro_f1", "micro_f1", "matthews"}) {
    EXPECT_THROW(build_metric(name, kStance)->score({.space = kStance}), DataError) << name;
  }
  EXPECT_THROW(values_score("pearson", {}, {}), DataError);
  EXPECT_THROW(entities_score("entity_f1", {}, {}, {0, 0}), DataError);
}

TEST(Metrics, PredictionsThatDoNotFitAreErrors) {
  const auto metric = build_metric("accuracy", kStance);
  EXPECT_THROW(metric->score({.space = kStance, .gold = {0, 1}, .predicted = {0}}), StateError);
  EXPECT_THROW(metric->score({.space = kStance, .gold = {3}, .predicted = {0}}), StateError);
  EXPECT_THROW(metric->score({.space = kStance, .gold = {0}, .predicted = {3}}), StateError);
  EXPECT_THROW(metric->score({.space = kStance, .gold = {-1}, .predicted = {0}}), StateError);
  EXPECT_THROW(metric->score({.space = kStance, .gold = {0}, .predicted = {-2}}), StateError);
  EXPECT_THROW(metric->score({.space = kNumber, .gold_values = {0}, .predicted_values = {0}}), StateError);
  EXPECT_THROW(entities_score("accuracy", {0, 0}, {0, 0}, {1}), StateError);
  const MetricContext sets{TaskKind::multi_label, {"a", "b"}};
  EXPECT_THROW(metric->score({.space = sets, .gold = {0, 1, 1}, .predicted = {0, 1, 1}}), StateError);
  EXPECT_THROW(metric->score({.space = sets, .gold = {0, 2}, .predicted = {0, 1}}), StateError);
}

TEST(Metrics, NanAndInfinityAreErrorsThatNameTheRow) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const char* name : {"pearson", "spearman", "mse", "mae"}) {
    EXPECT_THROW(values_score(name, {1, 2, 3}, {1, kNan, 3}), NonFiniteError) << name;
    EXPECT_THROW(values_score(name, {1, INFINITY}, {1, 2}), NonFiniteError) << name;
  }
  try {
    values_score("mse", {1, 2, 3}, {1, 2, kNan});
    FAIL();
  } catch (const NonFiniteError& error) {
    EXPECT_STREQ(error.what(), "predicted value of row 2 is nan");
  }
}

TEST(Metrics, ConstantSidesCorrelateZero) {
  EXPECT_EQ(values_score("pearson", {1, 2, 3}, {0.1, 0.1, 0.1}), 0.0);
  EXPECT_EQ(values_score("spearman", {5, 5}, {1, 2}), 0.0);
  EXPECT_EQ(values_score("pearson", {1}, {2}), 0.0);
  EXPECT_EQ(build_metric("matthews", kStance)->score({.space = kStance, .gold = {0, 1}, .predicted = {2, 2}}), 0.0);
}

TEST(Metrics, ErrorsAreBetterWhenLower) {
  EXPECT_FALSE(build_metric("mse", kNumber)->higher_is_better());
  EXPECT_FALSE(build_metric("mae", kNumber)->higher_is_better());
  EXPECT_TRUE(build_metric("pearson", kNumber)->higher_is_better());
  EXPECT_EQ(values_score("mse", {0, 0}, {3, 1}), 5.0);
  EXPECT_EQ(values_score("mae", {0, 0}, {-3, 1}), 2.0);
}

TEST(Metrics, NoAnswerIsWrongWithoutBlamingAClass) {
  const Predictions p{.space = kStance, .gold = {0, 1, 1}, .predicted = {0, 1, kNoAnswer}};
  EXPECT_DOUBLE_EQ(build_metric("accuracy", kStance)->score(p), 2.0 / 3);
  EXPECT_DOUBLE_EQ(build_metric("macro_f1", kStance)->score(p), (1.0 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(build_metric("macro_recall", kStance)->score(p), 0.75);
  EXPECT_LT(build_metric("matthews", kStance)->score(p), 1.0);
  EXPECT_EQ(entities_score("entity_f1", {1, 2}, {1, kNoAnswer}, {2}), 0.0) << "the entity ends where tags end";
}

TEST(Metrics, BrokenSequencesAreReadAsAsked) {
  const Json strict{{"name", "entity_f1"}, {"reading", "strict"}};
  // A leading I- is an entity for conlleval and none for the strict reading, which then has nothing at all.
  EXPECT_EQ(entities_score("entity_f1", {2, 2, 0}, {2, 2, 0}, {3}), 1.0);
  EXPECT_EQ(entities_score(strict, {2, 2, 0}, {2, 2, 0}, {3}), 0.0);
  // B-PER I-LOC: two entities, or one of one word.
  EXPECT_DOUBLE_EQ(entities_score("entity_f1", {1, 0}, {1, 4}, {2}), 2.0 / 3);
  EXPECT_EQ(entities_score(strict, {1, 0}, {1, 4}, {2}), 1.0);
  // Entities end with their sentence.
  EXPECT_EQ(entities_score("entity_f1", {1, 2}, {1, 2}, {1, 1}), 1.0);
  EXPECT_EQ(entities_score(strict, {1, 0}, {1, 2}, {1, 1}), 1.0);
  EXPECT_EQ(entities_score("entity_f1", {1, 2, 0}, {1, 2, 2}, {3, 0}), 0.0) << "a boundary off by one is wrong";
}

TEST(Metrics, EveryBuiltInIsListedWithASummary) {
  for (const RegistryEntry& entry : metric_registry().entries()) EXPECT_FALSE(entry.summary.empty()) << entry.name;
  EXPECT_GE(metric_registry().names().size(), 13U);
}

TEST(Metrics, EntitiesAreReadThroughTheTasksScheme) {
  const auto score = [](TagScheme scheme, std::vector<std::string> labels, std::vector<std::int64_t> gold,
                        std::vector<std::int64_t> predicted) {
    Predictions p{.gold = std::move(gold), .predicted = std::move(predicted)};
    p.space = {.kind = TaskKind::tagging, .labels = std::move(labels), .scheme = scheme};
    p.sentence_lengths = {p.gold.size()};
    return build_metric("entity_f1", p.space)->score(p);
  };
  // Two neighbours of one type: B- parts them in IOB1, and nothing does without it.
  EXPECT_DOUBLE_EQ(score(TagScheme::iob1, {"O", "I-x", "B-x"}, {1, 2, 0}, {1, 2, 0}), 1.0);
  EXPECT_DOUBLE_EQ(score(TagScheme::iob1, {"O", "I-x", "B-x"}, {1, 2, 0}, {1, 1, 0}), 0.0);
  // S-x S-x against B-x E-x: two entities, not one.
  EXPECT_DOUBLE_EQ(score(TagScheme::bioes, {"O", "B-x", "I-x", "E-x", "S-x"}, {4, 4, 0}, {1, 3, 0}), 0.0);
  EXPECT_DOUBLE_EQ(score(TagScheme::bilou, {"O", "B-x", "I-x", "L-x", "U-x"}, {1, 2, 3, 4}, {1, 2, 3, 0}), 2.0 / 3);
  EXPECT_NE(message_of("\"entity_f1\"", {TaskKind::tagging, {"O", "S-x"}}).find("not \"S-x\""), std::string::npos);
}
