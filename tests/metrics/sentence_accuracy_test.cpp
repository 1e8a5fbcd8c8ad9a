#include "infomtl/metrics/sentence_accuracy.h"

#include <gtest/gtest.h>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

TEST(SentenceAccuracy, RowsAreRightAsAWhole) {
  Predictions intents{.space = {TaskKind::classification, {"a", "b", "c"}}};
  intents.gold = {0, 1, 2, 3};  // the last is a label that the task does not know
  intents.predicted = {0, 2, 2, 0};
  EXPECT_EQ(rows_right(intents), (std::vector<bool>{true, false, true, false}));
  Predictions slots{.space = {TaskKind::tagging, {"O", "B-x"}}};
  slots.sentence_lengths = {2, 3, 0, 1};
  slots.gold = {0, 1, 0, 0, 1, 1};
  slots.predicted = {0, 1, 0, 1, 1, kNoAnswer};
  EXPECT_EQ(rows_right(slots), (std::vector<bool>{true, false, true, false}));
  Predictions sets{.space = {TaskKind::multi_label, {"p", "q"}}};
  sets.gold = {1, 0, 1, 1, 0, 0};
  sets.predicted = {1, 0, 0, 1, 0, 0};
  EXPECT_EQ(rows_right(sets), (std::vector<bool>{true, false, true}));
  slots.sentence_lengths.pop_back();
  EXPECT_THROW(rows_right(slots), StateError);
  EXPECT_THROW(rows_right({.space = {TaskKind::regression, {}}}), StateError);
}

TEST(SentenceAccuracy, IsTheShareOfTextsOnWhichAllAreRight) {
  EXPECT_DOUBLE_EQ(sentence_accuracy({{true, false, true, true}, {true, true, false, true}}), 0.5);
  EXPECT_DOUBLE_EQ(sentence_accuracy({{true, false, true, true}}), 0.75);
  EXPECT_DOUBLE_EQ(sentence_accuracy({{true}, {true}, {false}}), 0.0);
  EXPECT_THROW(sentence_accuracy({}), StateError);
  EXPECT_THROW(sentence_accuracy({{}, {}}), StateError);
  EXPECT_THROW(sentence_accuracy({{true, false}, {true}}), StateError);
}

}  // namespace
}  // namespace infomtl
