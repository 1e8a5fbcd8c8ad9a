// Streams: resume, micro-batches, shared texts, tags, evaluation exactly once, threads that fail or stop early.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "data/corpus.h"
#include "data/prefetcher.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/evaluation_stream.h"
#include "infomtl/data/training_stream.h"
#include "support/compare.h"
#include "support/message_of.h"

namespace infomtl {
namespace {

using testing::corpus;
using testing::message_of;
using testing::TemporaryFolder;

std::shared_ptr<const Sampler> sampler(const char* name) { return sampler_registry().build(Config::from_json(name)); }

bool identical(const Tensor& a, const Tensor& b) {
  if (a.defined() != b.defined()) return false;
  return !a.defined() || (a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && torch::equal(a, b));
}

bool identical(const StepBatch& a, const StepBatch& b) {
  bool same = identical(a.tokens.ids, b.tokens.ids) && identical(a.tokens.offsets, b.tokens.offsets) &&
              identical(a.tokens.type_ids, b.tokens.type_ids) && identical(a.tokens.positions, b.tokens.positions) &&
              a.tasks.size() == b.tasks.size();
  for (std::size_t k = 0; same && k < a.tasks.size(); ++k) {
    const TaskBatch& x = a.tasks[k];
    const TaskBatch& y = b.tasks[k];
    same = x.task == y.task && identical(x.rows, y.rows) && identical(x.labels, y.labels) &&
           identical(x.words, y.words) && identical(x.word_offsets, y.word_offsets) &&
           identical(x.examples, y.examples);
  }
  return same;
}

bool identical(const TrainingStep& a, const TrainingStep& b) {
  bool same = a.step == b.step && a.epoch == b.epoch && a.step_of_epoch == b.step_of_epoch &&
              a.last_of_epoch == b.last_of_epoch && a.micro_batches.size() == b.micro_batches.size();
  for (std::size_t m = 0; same && m < a.micro_batches.size(); ++m)
    same = identical(a.micro_batches[m], b.micro_batches[m]);
  return same;
}

/// The words a packed sequence stands for.
std::string decoded(const StepBatch& batch, std::int64_t row) {
  const auto begin = batch.tokens.offsets[row].item<std::int64_t>();
  const auto end = batch.tokens.offsets[row + 1].item<std::int64_t>();
  std::string text;
  for (std::int64_t i = begin; i < end; ++i) {
    if (!text.empty()) text += ' ';
    text += corpus().tokenizer->token(static_cast<std::int32_t>(batch.tokens.ids[i].item<std::int64_t>()));
  }
  return text;
}

void expect_consistent(const StepBatch& batch, const SplitData& data) {
  ASSERT_EQ(batch.tokens.offsets[-1].item<std::int64_t>(), batch.tokens.tokens());
  for (const TaskBatch& task : batch.tasks) {
    const Task& about = corpus().dataset.tasks[task.task];
    const TaskRows& rows = data.tasks[task.task];
    ASSERT_EQ(task.rows.size(0), task.examples.size(0));
    std::int64_t last_length = 0;
    for (std::int64_t b = 0; b < task.rows.size(0); ++b) {
      const auto row = task.rows[b].item<std::int64_t>();
      const auto example = static_cast<std::size_t>(task.examples[b].item<std::int64_t>());
      const auto sequence = static_cast<std::size_t>(rows.sequences[example]);
      std::string expected = "[CLS] " + std::string(data.texts.first[sequence]) + " [SEP]";
      if (data.texts.paired[sequence]) expected += " " + std::string(data.texts.second[sequence]) + " [SEP]";
      ASSERT_EQ(decoded(batch, row), expected);
      const std::int64_t length = (batch.tokens.offsets[row + 1] - batch.tokens.offsets[row]).item<std::int64_t>();
      ASSERT_GE(length, last_length) << "ordered by length inside a task";
      last_length = length;
      if (about.kind == TaskKind::classification) {
        ASSERT_EQ(task.labels[b].item<std::int64_t>(), rows.classes[example]);
      } else if (about.kind == TaskKind::regression) {
        ASSERT_EQ(task.labels[b].item<float>(), rows.values[example]);
      } else if (about.kind == TaskKind::tagging) {
        const auto begin = task.word_offsets[b].item<std::int64_t>();
        ASSERT_EQ(task.word_offsets[b + 1].item<std::int64_t>() - begin, length - 2) << "one token a word";
        for (std::int64_t w = 0; w < length - 2; ++w) {
          ASSERT_EQ(task.words[begin + w].item<std::int64_t>(), batch.tokens.offsets[row].item<std::int64_t>() + 1 + w);
          ASSERT_EQ(task.labels[begin + w].item<std::int64_t>(),
                    rows.classes[static_cast<std::size_t>(rows.label_offsets[example] + w)]);
        }
      }
    }
  }
}

TEST(TrainingStream, BatchesHoldTheTextsAndLabelsOfTheSplit) {
  const SplitData& train = corpus().dataset.split(Split::train);
  const TokenizedTexts tokens(train.texts, corpus().tokenizer, 128);
  for (const Regime regime : {Regime::alternating, Regime::joint}) {
    TrainingStream stream(corpus().dataset, tokens, sampler("proportional"),
                          {.batch_size = 7, .regime = regime, .accumulate = 2}, 1, 2);
    for (int s = 0; s < 20; ++s) {
      const TrainingStep step = stream.next();
      ASSERT_EQ(step.micro_batches.size(), 2u);
      for (const StepBatch& batch : step.micro_batches) expect_consistent(batch, train);
      EXPECT_EQ(step.micro_batches[0].tasks.size(), regime == Regime::joint ? 6u : 1u);
    }
  }
}

TEST(TrainingStream, RowsKnowWhetherTheirTokensAreTheSame) {
  TemporaryFolder folder;
  std::string texts, labels;
  for (int i = 0; i < 96; ++i) {
    texts += i % 3 == 0 ? "anna loved paris\n"
                        : std::string(i % 2 == 0 ? "today " : "soup ") + std::to_string(i % 20) + "\n";
    labels += "up\n";
  }
  folder.write("t.txt", texts);
  folder.write("l.txt", labels);
  Json data = Json::parse(R"({"tasks": [{"name": "mood", "type": "classification", "labels": ["up", "down"],
                                         "splits": {"train": {"text": "t.txt", "label": "l.txt"}}}]})");
  data["root"] = folder.path().string();
  const Dataset dataset = load_dataset(Config::from_json(data), 0);
  const TokenizedTexts tokens(dataset.split(Split::train).texts, corpus().tokenizer, 32);
  TrainingStream stream(dataset, tokens, sampler("proportional"), {.batch_size = 24}, 1, 2);
  std::size_t repeats = 0;
  for (int i = 0; i < 4; ++i) {
    const StepBatch batch = stream.next().micro_batches.at(0);
    std::map<std::int64_t, std::string> text_of;
    std::map<std::string, std::int64_t> key_of;
    for (const TaskBatch& rows : batch.tasks) {
      for (std::int64_t b = 0; b < rows.rows.size(0); ++b) {
        const std::string text = decoded(batch, rows.rows[b].item<std::int64_t>());
        const auto key = rows.texts[b].item<std::int64_t>();
        repeats += key_of.contains(text) ? 1 : 0;
        EXPECT_EQ(text_of.emplace(key, text).first->second, text);
        EXPECT_EQ(key_of.emplace(text, key).first->second, key) << text;
      }
    }
    EXPECT_GT(text_of.size(), 1U);
  }
  EXPECT_GT(repeats, 0U);
}

TEST(TrainingStream, AnEpochHoldsEveryExampleOnce) {
  const Dataset& dataset = corpus().dataset;
  const TokenizedTexts tokens(dataset.split(Split::train).texts, corpus().tokenizer, 32);
  TrainingStream stream(dataset, tokens, sampler("proportional"),
                        {.batch_size = 32, .accumulate = 3, .length_window = 4}, 5, 2);
  std::vector<std::multiset<std::int64_t>> seen(dataset.tasks.size());
  std::int64_t steps = 0;
  for (;;) {
    const TrainingStep step = stream.next();
    for (const StepBatch& batch : step.micro_batches) {
      for (const TaskBatch& task : batch.tasks) {
        for (std::int64_t b = 0; b < task.rows.size(0); ++b)
          seen[task.task].insert(task.examples[b].item<std::int64_t>());
      }
    }
    EXPECT_EQ(step.step_of_epoch, steps++);
    if (step.last_of_epoch) break;
  }
  EXPECT_EQ(steps, stream.steps_per_epoch());
  EXPECT_EQ(steps, steps_per_epoch(dataset, {.batch_size = 32}));
  for (std::size_t t = 0; t < seen.size(); ++t) {
    EXPECT_EQ(std::ssize(seen[t]), dataset.tasks[t].train_rows);
    EXPECT_EQ(std::set<std::int64_t>(seen[t].begin(), seen[t].end()).size(), seen[t].size());
  }
}

TEST(TrainingStream, StartedAtAStepItIsTheTailOfTheWhole) {
  const Dataset& dataset = corpus().dataset;
  const TokenizedTexts tokens(dataset.split(Split::train).texts, corpus().tokenizer, 64);
  for (const char* by : {"proportional", "annealed"}) {
    for (const Regime regime : {Regime::alternating, Regime::joint}) {
      const BatchingSettings settings{.batch_size = 16, .regime = regime, .accumulate = 2, .length_window = 3};
      TrainingStream whole(dataset, tokens, sampler(by), settings, 8, 4);
      std::vector<TrainingStep> steps;
      for (int s = 0; s < 150; ++s) steps.push_back(whole.next());
      for (const std::size_t start : {std::size_t{1}, std::size_t{76}, std::size_t{149}}) {
        for (const std::size_t prefetch : {std::size_t{0}, std::size_t{3}}) {
          TrainingStream tail(dataset, tokens, sampler(by), settings, 8, 4, static_cast<std::int64_t>(start), prefetch);
          for (std::size_t s = start; s < std::min(steps.size(), start + 40); ++s) {
            ASSERT_TRUE(identical(tail.next(), steps[s])) << by << " " << name_of(regime) << " step " << s;
          }
        }
      }
    }
  }
}

TEST(TrainingStream, AnswersDoNotDependOnWhetherTokenizingIsDone) {
  const Dataset& dataset = corpus().dataset;
  const TokenizedTexts early(dataset.split(Split::train).texts, corpus().tokenizer, 64);
  TrainingStream now(dataset, early, sampler("proportional"), {.batch_size = 64}, 8, 4);
  std::vector<TrainingStep> steps;
  for (int s = 0; s < 8; ++s) steps.push_back(now.next());
  const TokenizedTexts late(dataset.split(Split::train).texts, corpus().tokenizer, 64);
  late.wait();
  TrainingStream after(dataset, late, sampler("proportional"), {.batch_size = 64}, 8, 4);
  for (const TrainingStep& step : steps) EXPECT_TRUE(identical(step, after.next()));
}

TEST(TrainingStream, ExtraBatchesAreTheSameWheneverAsked) {
  const Dataset& dataset = corpus().dataset;
  const TokenizedTexts tokens(dataset.split(Split::train).texts, corpus().tokenizer, 64);
  TrainingStream stream(dataset, tokens, sampler("uniform"), {.batch_size = 8}, 8, 4);
  TrainingStream other(dataset, tokens, sampler("uniform"), {.batch_size = 8}, 8, 4, 70);
  const StepBatch far = stream.independent_batch(90, 1);
  for (int s = 0; s < 5; ++s) {
    const TrainingStep step = stream.next();
    EXPECT_EQ(stream.independent_batch(step.step, 0).tasks[0].task, step.micro_batches[0].tasks[0].task);
  }
  EXPECT_TRUE(identical(other.independent_batch(90, 1), far));
  EXPECT_FALSE(identical(other.independent_batch(90, 2), far));
  expect_consistent(far, dataset.split(Split::train));
}

TEST(SharedTexts, AreInTheTokensOnceWithTheRowsOfEveryTask) {
  TemporaryFolder folder;
  folder.write("x.jsonl", R"({"text": "anna loved paris", "mood": "up", "tags": ["B", "O", "B"]}
{"text": "boris cried over the soup", "tags": ["B", "O", "O", "O", "O"]}
{"text": "today", "mood": "down", "tags": null}
)");
  Json data = Json::parse(R"({"tasks": [{"splits": {
      "train": {"file": "x.jsonl", "columns": {"label": {"mood": "mood", "tags": "tags"}}},
      "test": {"file": "x.jsonl", "columns": {"label": {"mood": "mood", "tags": "tags"}}}},
    "tasks": [{"name": "mood", "type": "classification", "labels": ["up", "down"]},
              {"name": "tags", "type": "tagging", "labels": ["O", "B"]}]}]})");
  data["root"] = folder.path().string();
  const Dataset dataset = load_dataset(Config::from_json(data), 0);
  const TokenizedTexts tokens(dataset.split(Split::train).texts, corpus().tokenizer, 32);
  TrainingStream stream(dataset, tokens, sampler("proportional"), {.batch_size = 8, .regime = Regime::joint}, 0, 1);
  EvaluationStream evaluation(dataset, Split::test, tokens, 8);
  for (const StepBatch& batch : {stream.next().micro_batches[0], *evaluation.next()}) {
    EXPECT_EQ(batch.tokens.sequences(), 3);
    ASSERT_EQ(batch.tasks.size(), 2u);
    EXPECT_EQ(batch.tasks[0].rows.size(0), 2);
    EXPECT_EQ(batch.tasks[1].rows.size(0), 2);
    EXPECT_TRUE(testing::close(batch.tasks[1].words, torch::tensor({4, 5, 6, 9, 10, 11, 12, 13}, torch::kInt64), 0));
    EXPECT_TRUE(testing::close(batch.tasks[1].labels, torch::tensor({1, 0, 1, 1, 0, 0, 0, 0}, torch::kInt64), 0));
  }
  TrainingStream alternating(dataset, tokens, sampler("round_robin"), {.batch_size = 8}, 0, 1);
  EXPECT_EQ(alternating.next().micro_batches[0].tokens.sequences(), 2) << "only the texts of the task whose turn it is";
}

TEST(Tags, WordsWithoutTokensAreLeftOutInTrainingAndReadTheWordBeforeInEvaluation) {
  TemporaryFolder folder;
  folder.write("t.txt", "anna \xEF\xBB\xBF loved paris today\n\xEF\xBB\xBF\n");
  folder.write("l.txt", "B O O B O\nB\n");
  const Json record = Json::parse(R"({"name": "tags", "type": "tagging", "labels": ["O", "B"],
    "splits": {"train": {"text": "t.txt", "label": "l.txt"}, "test": {"text": "t.txt", "label": "l.txt"}}})");
  Json data = {{"root", folder.path().string()}, {"tasks", Json::array({record})}};
  const Dataset dataset = load_dataset(Config::from_json(data), 0);
  const TokenizedTexts tokens(dataset.split(Split::train).texts, corpus().tokenizer, 5);  // cuts "today" off
  EXPECT_EQ(tokens.sequence(0).word_tokens, (std::vector<std::int32_t>{1, kWordWithoutToken, 2, 3, kWordNotRead}));
  EXPECT_TRUE(tokens.sequence(0).truncated);
  const std::vector<TextSelection> first = {{{0}, {0}}};
  const StepBatch train =
      assemble(first, dataset.tasks, dataset.split(Split::train), tokens, TokenlessWords::leave_out);
  EXPECT_TRUE(testing::close(train.tasks[0].words, torch::tensor({1, 2, 3}, torch::kInt64), 0));
  EXPECT_TRUE(testing::close(train.tasks[0].labels, torch::tensor({1, 0, 1}, torch::kInt64), 0));
  const StepBatch test =
      assemble(first, dataset.tasks, dataset.split(Split::test), tokens, TokenlessWords::read_previous);
  EXPECT_TRUE(testing::close(test.tasks[0].words, torch::tensor({1, 1, 2, 3, 3}, torch::kInt64), 0));
  EXPECT_EQ(test.tasks[0].label_count(), 5);
  EXPECT_TRUE(testing::close(test.tasks[0].unread, torch::tensor({0, 0, 0, 0, 1}), 0)) << "cut off, not dropped";
  EXPECT_FALSE(train.tasks[0].unread.defined());
  const StepBatch nothing =
      assemble({{{0}, {1}}}, dataset.tasks, dataset.split(Split::train), tokens, TokenlessWords::leave_out);
  EXPECT_EQ(nothing.tasks[0].label_count(), 1) << "a text of such words only keeps them";
}

TEST(EvaluationStream, CoversEachLabelledTextAndTaskExactlyOnce) {
  const Dataset& dataset = corpus().dataset;
  for (const Split split : kSplits) {
    const SplitData& data = dataset.split(split);
    const TokenizedTexts tokens(data.texts, corpus().tokenizer, 128);
    for (const std::int64_t size : {1, 33, 100000}) {
      EvaluationStream stream(dataset, split, tokens, size);
      std::vector<std::set<std::int64_t>> seen(dataset.tasks.size());
      std::size_t rows = 0;
      std::size_t batches = 0;
      while (const auto batch = stream.next()) {
        if (size == 33) expect_consistent(*batch, data);
        for (const TaskBatch& task : batch->tasks) {
          for (std::int64_t b = 0; b < task.rows.size(0); ++b)
            seen[task.task].insert(task.examples[b].item<std::int64_t>());
          rows += static_cast<std::size_t>(task.rows.size(0));
        }
        ++batches;
      }
      EXPECT_EQ(batches, stream.batches());
      EXPECT_FALSE(stream.next().has_value());
      std::size_t expected = 0;
      for (std::size_t t = 0; t < seen.size(); ++t) {
        EXPECT_EQ(seen[t].size(), data.tasks[t].size());
        expected += data.tasks[t].size();
      }
      EXPECT_EQ(rows, expected);
    }
  }
}

TEST(Streams, RefuseTokensOfAnotherSplit) {
  const Dataset& dataset = corpus().dataset;
  const TokenizedTexts tokens(dataset.split(Split::test).texts, corpus().tokenizer, 64);
  EXPECT_THROW(TrainingStream(dataset, tokens, sampler("uniform"), {}, 0, 1), StateError);
  EXPECT_THROW(EvaluationStream(dataset, Split::train, tokens, 8), StateError);
  EXPECT_THROW(EvaluationStream(dataset, Split::test, tokens, 0), ConfigError);
}

TEST(Streams, WhatTokenizingThrowsComesOutOfNext) {
  const Dataset& dataset = corpus().dataset;
  const TokenizedTexts tokens(dataset.split(Split::train).texts, corpus().tokenizer, 1);  // no room for [CLS] and [SEP]
  TrainingStream stream(dataset, tokens, sampler("uniform"), {}, 0, 1);
  EXPECT_THROW(stream.next(), UserError);
  EXPECT_THROW(stream.next(), UserError);
  EXPECT_THROW(tokens.wait(), UserError);
}

TEST(Streams, MayBeDroppedAtAnyMoment) {
  const Dataset& dataset = corpus().dataset;
  for (int i = 0; i < 30; ++i) {
    const TokenizedTexts tokens(dataset.split(Split::train).texts, corpus().tokenizer, 64);
    TrainingStream stream(dataset, tokens, sampler("proportional"), {.batch_size = 8}, 0, 1);
    if (i % 3 != 0) stream.next();
    if (i % 5 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(Prefetcher, HandsItemsOnInOrderThenTheEndOrTheFailure) {
  for (const std::size_t ahead : {std::size_t{0}, std::size_t{1}, std::size_t{4}}) {
    int next = 0;
    data::Prefetcher<int> ends(
        [&]() -> std::optional<int> { return next < 100 ? std::optional(next++) : std::nullopt; }, ahead);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(ends.next(), i);
    EXPECT_FALSE(ends.next().has_value());
    EXPECT_FALSE(ends.next().has_value());
    int count = 0;
    data::Prefetcher<int> fails(
        [&]() -> std::optional<int> {
          if (count == 3) throw DataError("broken");
          return count++;
        },
        ahead);
    for (int i = 0; i < 3; ++i) ASSERT_EQ(fails.next(), i);
    EXPECT_THROW(fails.next(), DataError);
  }
}

}  // namespace
}  // namespace infomtl
