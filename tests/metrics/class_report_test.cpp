#include "infomtl/metrics/class_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

Predictions classes() {
  Predictions p{.gold = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 1},
                .predicted = {0, 0, 1, 2, 1, 1, 0, 2, 2, 1, 2, 0, 2, 2}};
  p.space.labels = {"a", "b", "c", "d"};
  return p;
}

// scikit-learn 1.9.1 on these rows: confusion_matrix, and precision_recall_fscore_support with zero_division=0.
TEST(ClassReport, EqualsScikitLearns) {
  const ClassReport report = class_report(classes());
  const std::vector<std::vector<std::int64_t>> matrix = {{2, 1, 1, 0}, {1, 2, 1, 0}, {1, 1, 3, 0}, {0, 0, 1, 0}};
  const std::vector<double> precision = {0.5, 0.5, 0.5, 0}, recall = {0.5, 0.5, 0.6, 0};
  const std::vector<double> f1 = {0.5, 0.5, 0.5454545454545454, 0};
  const std::vector<std::int64_t> support = {4, 4, 5, 1};
  for (std::size_t gold = 0; gold < 4; ++gold) {
    for (std::size_t predicted = 0; predicted < 4; ++predicted) {
      const auto found = report.confusion.find({gold, predicted});
      EXPECT_EQ(found == report.confusion.end() ? 0 : found->second, matrix[gold][predicted]) << gold << predicted;
    }
    EXPECT_DOUBLE_EQ(report.counts[gold].precision(), precision[gold]);
    EXPECT_DOUBLE_EQ(report.counts[gold].recall(), recall[gold]);
    EXPECT_DOUBLE_EQ(report.counts[gold].f1(), f1[gold]);
    EXPECT_EQ(report.support(gold), support[gold]);
  }
}

TEST(ClassReport, HasAColumnForWordsWithoutAnAnswer) {
  Predictions p{.gold = {0, 1, 1}, .predicted = {0, kNoAnswer, 1}};
  p.space = {.kind = TaskKind::tagging, .labels = {"O", "B"}};
  p.sentence_lengths = {3};
  const ClassReport report = class_report(p);
  EXPECT_EQ(report.confusion.at({1, 2}), 1);
  EXPECT_EQ(report.support(1), 2);
}

TEST(ClassReport, OfSetsHasNoConfusionAndOfValuesNothing) {
  Predictions sets{.gold = {1, 0, 1, 1}, .predicted = {1, 1, 0, 1}};
  sets.space = {.kind = TaskKind::multi_label, .labels = {"x", "y"}};
  const ClassReport report = class_report(sets);
  EXPECT_TRUE(report.confusion.empty());
  EXPECT_EQ(report.counts[1].false_positives, 1);
  EXPECT_EQ(report.support(0), 2);
  Predictions values{.gold_values = {1}, .predicted_values = {2}};
  values.space.kind = TaskKind::regression;
  EXPECT_TRUE(class_report(values).empty());
}

TEST(ClassReport, ComesBackFromItsJson) {
  const ClassReport report = class_report(classes());
  const ClassReport again = ClassReport::from_json(Json::parse(report.to_json().dump()));
  EXPECT_EQ(again.labels, report.labels);
  EXPECT_EQ(again.confusion, report.confusion);
  EXPECT_EQ(again.to_json(), report.to_json());
  Json broken = report.to_json();
  broken["confusion"].push_back({9, 0, 1});
  EXPECT_THROW(ClassReport::from_json(broken), FormatError);
}

}  // namespace
}  // namespace infomtl
