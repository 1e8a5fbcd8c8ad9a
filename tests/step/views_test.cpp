// The layout of views: task by task, view by view, ranges, shared sequences, moved words.
#include "step/views.h"

#include <gtest/gtest.h>

#include "infomtl/core/errors.h"
#include "support/compare.h"

namespace infomtl {
namespace {

Tensor ints(const std::vector<std::int64_t>& values) { return torch::tensor(values, torch::kInt64); }

/// Sequence s has the tokens 100 s, 100 s + 1, ...
StepBatch batch_of(const std::vector<std::int64_t>& lengths, const std::vector<std::vector<std::int64_t>>& task_rows) {
  StepBatch batch;
  std::vector<std::int64_t> ids, positions;
  std::vector<std::int32_t> offsets = {0};
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    for (std::int64_t i = 0; i < lengths[s]; ++i) {
      ids.push_back(static_cast<std::int64_t>(s) * 100 + i);
      positions.push_back(i);
    }
    offsets.push_back(static_cast<std::int32_t>(ids.size()));
  }
  batch.tokens = {ints(ids), ints(positions), ints(ids) % 2, torch::tensor(offsets, torch::kInt32)};
  for (std::size_t t = 0; t < task_rows.size(); ++t) {
    TaskBatch task;
    task.task = t;
    task.rows = ints(task_rows[t]);
    batch.tasks.push_back(task);
  }
  return batch;
}

std::vector<std::int64_t> sequence_ids(const ViewedBatch& batch, std::int64_t sequence) {
  const auto begin = batch.tokens.offsets[sequence].item<std::int64_t>();
  const auto end = batch.tokens.offsets[sequence + 1].item<std::int64_t>();
  const Tensor ids = batch.tokens.ids.slice(0, begin, end).contiguous();
  return {ids.data_ptr<std::int64_t>(), ids.data_ptr<std::int64_t>() + ids.numel()};
}

TEST(WithViews, OneViewOfEverythingCopiesNothing) {
  const StepBatch batch = batch_of({2, 3, 4}, {{0, 1}, {2}});
  const ViewedBatch viewed = with_views(batch, {1, 1});
  EXPECT_EQ(viewed.tokens.ids.data_ptr(), batch.tokens.ids.data_ptr());
  ASSERT_EQ(viewed.token_ranges.size(), 2u);
  EXPECT_EQ(viewed.token_ranges[0].end, 5);
  EXPECT_EQ(viewed.token_ranges[1].begin, 5);
  EXPECT_EQ(viewed.token_ranges[1].end, 9);
  EXPECT_EQ(viewed.sequence_ranges[1].begin, 2);
  EXPECT_FALSE(viewed.words[0].defined());
}

TEST(WithViews, SharedSequencesCanBeLaidOutPerTask) {
  StepBatch batch = batch_of({2, 3, 4}, {{0, 1}, {1, 2}});
  batch.tokens.word_starts = ints({0, 1, 0, 2, 1});
  batch.tokens.word_offsets = ints({0, 2, 4, 5});
  EXPECT_TRUE(with_views(batch, {1, 1}).token_ranges.empty());
  const ViewedBatch apart = with_views(batch, {1, 2}, SharedSequences::per_task);
  EXPECT_EQ(apart.tokens.sequences(), 6);
  EXPECT_TRUE(testing::close(apart.rows[0][0], ints({0, 1}), 0));
  EXPECT_TRUE(testing::close(apart.rows[1][0], ints({2, 3}), 0));
  EXPECT_TRUE(testing::close(apart.rows[1][1], ints({4, 5}), 0));
  EXPECT_EQ(sequence_ids(apart, 1), sequence_ids(apart, 2));
  EXPECT_EQ(sequence_ids(apart, 3), (std::vector<std::int64_t>{200, 201, 202, 203}));
  ASSERT_EQ(apart.token_ranges.size(), 2U);
  EXPECT_EQ(apart.token_ranges[1].begin, 5);
  EXPECT_EQ(apart.token_ranges[1].end, 5 + 2 * 7);
  // Words go with their sequences.
  const TextWords words = words_of_texts(apart, 1, 0);
  EXPECT_TRUE(testing::close(words.offsets, ints({0, 2, 3}), 0));
  EXPECT_TRUE(testing::close(words.tokens, ints({5, 7, 9}), 0));
  EXPECT_TRUE(testing::close(words_of_texts(apart, 1, 1).tokens, ints({12, 14, 16}), 0));
  EXPECT_TRUE(
      testing::close(words_of_texts(with_views(batch_of({2, 3}, {{0, 1}}), {1}), 0, 0).offsets, ints({0, 0, 0}), 0));
}

TEST(WithViews, TasksThenViewsThenRows) {
  const StepBatch batch = batch_of({2, 3, 4}, {{0, 1}, {2}});
  const ViewedBatch viewed = with_views(batch, {2, 3});
  EXPECT_EQ(viewed.tokens.sequences(), 7);
  EXPECT_EQ(viewed.tokens.tokens(), 2 * 5 + 3 * 4);
  EXPECT_TRUE(testing::close(viewed.rows[0][0], ints({0, 1}), 0));
  EXPECT_TRUE(testing::close(viewed.rows[0][1], ints({2, 3}), 0));
  ASSERT_EQ(viewed.rows[1].size(), 3u);
  EXPECT_TRUE(testing::close(viewed.rows[1][2], ints({6}), 0));
  for (const std::int64_t s : {0, 2}) EXPECT_EQ(sequence_ids(viewed, s), (std::vector<std::int64_t>{0, 1}));
  for (const std::int64_t s : {4, 5, 6})
    EXPECT_EQ(sequence_ids(viewed, s), (std::vector<std::int64_t>{200, 201, 202, 203}));
  EXPECT_EQ(viewed.token_ranges[0].begin, 0);
  EXPECT_EQ(viewed.token_ranges[0].end, 10);
  EXPECT_EQ(viewed.sequence_ranges[0].end, 4);
  EXPECT_EQ(viewed.token_ranges[1].end, viewed.tokens.tokens());
  EXPECT_EQ(viewed.sequence_ranges[1].end, viewed.tokens.sequences());
  EXPECT_TRUE(testing::close(viewed.tokens.positions.slice(0, 10, 14), ints({0, 1, 2, 3}), 0));
  EXPECT_EQ(viewed.tokens.offsets.scalar_type(), torch::kInt32);
}

TEST(WithViews, SharedSequencesAppearOnceAViewWithTheMostViewsAsked) {
  const StepBatch batch = batch_of({2, 3, 4}, {{0, 1}, {1, 2}});
  for (const std::vector<int>& views : {std::vector<int>{1, 2}, std::vector<int>{2, 1}, std::vector<int>{2, 2}}) {
    const ViewedBatch viewed = with_views(batch, views);
    EXPECT_TRUE(viewed.token_ranges.empty());
    EXPECT_TRUE(viewed.sequence_ranges.empty());
    std::int64_t expected = 0;
    for (const int most : {views[0], std::max(views[0], views[1]), views[1]}) expected += most;
    EXPECT_EQ(viewed.tokens.sequences(), expected);
    for (std::size_t k = 0; k < 2; ++k) {
      ASSERT_EQ(viewed.rows[k].size(), static_cast<std::size_t>(views[k]));
      for (const Tensor& rows : viewed.rows[k]) {
        for (std::int64_t b = 0; b < 2; ++b) {
          EXPECT_EQ(sequence_ids(viewed, rows[b].item<std::int64_t>())[0], 100 * (static_cast<std::int64_t>(k) + b));
        }
      }
    }
    EXPECT_EQ(viewed.rows[0][0][1].item<std::int64_t>(), viewed.rows[1][0][0].item<std::int64_t>());
  }
}

TEST(WithViews, WordsFollowTheirTokens) {
  StepBatch batch = batch_of({2, 3, 4}, {{0}, {1, 2}});
  batch.tasks[1].words = ints({3, 4, 6, 8});  // tokens 101, 102 | 201, 203
  batch.tasks[1].word_offsets = ints({0, 2, 4});
  const ViewedBatch viewed = with_views(batch, {3, 2});
  EXPECT_TRUE(testing::close(viewed.tokens.ids.index_select(0, viewed.words[1]), ints({101, 102, 201, 203}), 0));
  EXPECT_FALSE(viewed.words[0].defined());
}

TEST(WithViews, WrongViewCountsAreErrors) {
  const StepBatch batch = batch_of({2}, {{0}});
  EXPECT_THROW(with_views(batch, {1, 1}), ShapeError);
  EXPECT_THROW(with_views(batch, {0}), ShapeError);
}

}  // namespace
}  // namespace infomtl
