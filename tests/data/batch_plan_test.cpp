// What each step trains on: exactly once per epoch, functions of (seed, step), sampler frequencies, sharing, memory.
#include "data/batch_plan.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"

namespace infomtl::data {
namespace {

std::shared_ptr<const Sampler> sampler(const Json& config) {
  return sampler_registry().build(Config::from_json(config));
}

/// Tasks with rows of their own: task t owns sizes[t] consecutive texts.
struct Split1 {
  SplitData data;
  std::vector<Task> tasks;

  explicit Split1(const std::vector<std::int32_t>& sizes) {
    std::int32_t next = 0;
    for (std::size_t t = 0; t < sizes.size(); ++t) {
      Task task;
      task.name = "task" + std::to_string(t);
      tasks.push_back(task);
      TaskRows rows;
      for (std::int32_t i = 0; i < sizes[t]; ++i) rows.sequences.push_back(next++);
      data.tasks.push_back(rows);
    }
    for (std::int32_t i = 0; i < next; ++i) data.texts.append("x", nullptr, {});
  }

  BatchPlan plan(const BatchingSettings& settings, const Json& by = "proportional", std::uint64_t seed = 0,
                 std::int64_t epochs = 3) const {
    return BatchPlan(text_pools(data, tasks, settings), settings, sampler(by), seed, epochs,
                     [](std::int32_t sequence) { return sequence % 101 * 7919 % 101; });
  }
};

const std::vector<std::int32_t> kSizes = {101, 8, 64, 1, 33};

TEST(BatchPlan, EveryExampleExactlyOnceAnEpochUnderExactSamplers) {
  const Split1 split(kSizes);
  for (const char* by : {"proportional", "round_robin"}) {
    for (const std::int64_t window : {0, 1, 3, 1000}) {
      BatchPlan plan = split.plan({.batch_size = 8, .length_window = window}, by, 11);
      ASSERT_EQ(plan.steps_per_epoch(), 13 + 1 + 8 + 1 + 5);
      for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
        std::multiset<std::int32_t> seen;
        for (std::int64_t s = 0; s < plan.steps_per_epoch(); ++s) {
          const auto step = plan.step(epoch * plan.steps_per_epoch() + s);
          ASSERT_EQ(step.size(), 1u);
          ASSERT_LE(step[0].sequences.size(), 8u);
          for (const std::int32_t row : step[0].sequences) {
            seen.insert(row);
            const auto& own = split.data.tasks[step[0].tasks[0]].sequences;
            EXPECT_TRUE(row >= own.front() && row <= own.back());
          }
        }
        ASSERT_EQ(seen.size(), 207u) << by << ", window " << window;
        for (std::int32_t row = 0; row < 207; ++row) ASSERT_EQ(seen.count(row), 1u);
      }
    }
  }
}

TEST(BatchPlan, OrderDiffersBetweenEpochsTasksAndSeeds) {
  const Split1 split({64, 64});
  const auto order = [&](std::uint64_t seed, std::int64_t epoch, std::size_t task) {
    BatchPlan plan = split.plan({.batch_size = 64}, "round_robin", seed);
    auto rows = plan.step(epoch * 2 + static_cast<std::int64_t>(task))[0].sequences;
    for (auto& row : rows) row -= 64 * static_cast<std::int32_t>(task);
    return rows;
  };
  EXPECT_EQ(order(1, 0, 0), order(1, 0, 0));
  EXPECT_NE(order(1, 0, 0), order(1, 1, 0));
  EXPECT_NE(order(1, 0, 0), order(1, 0, 1));
  EXPECT_NE(order(1, 0, 0), order(2, 0, 0));
  EXPECT_FALSE(std::is_sorted(order(1, 0, 0).begin(), order(1, 0, 0).end()));
}

TEST(BatchPlan, DrawingSamplersRepeatNoExampleBeforeAllOfItsTaskWereSeen) {
  const Split1 split(kSizes);
  for (const Json& by : {Json("uniform"), Json{{"name", "temperature"}, {"temperature", 3}}, Json("annealed")}) {
    BatchPlan plan = split.plan({.batch_size = 8, .length_window = 2}, by, 5, 20);
    std::vector<std::vector<int>> uses(kSizes.size());
    for (std::size_t t = 0; t < kSizes.size(); ++t) uses[t].resize(static_cast<std::size_t>(kSizes[t]));
    for (std::int64_t s = 0; s < 20 * plan.steps_per_epoch(); ++s) {
      const auto step = plan.step(s);
      auto& own = uses[step[0].tasks[0]];
      for (const std::int32_t row : step[0].sequences) {
        ++own[static_cast<std::size_t>(row - split.data.tasks[step[0].tasks[0]].sequences.front())];
      }
      const auto [least, most] = std::minmax_element(own.begin(), own.end());
      ASSERT_LE(*most - *least, 1) << by << " step " << s;
    }
  }
}

TEST(BatchPlan, AnyStepCanBeAskedFirst) {
  const Split1 split(kSizes);
  for (const Json& by : {Json("proportional"), Json("uniform"), Json("annealed"), Json("round_robin")}) {
    for (const Regime regime : {Regime::alternating, Regime::joint}) {
      const BatchingSettings settings{.batch_size = 8, .regime = regime, .length_window = 2};
      BatchPlan whole = split.plan(settings, by, 9);
      std::vector<std::vector<TextSelection>> steps;
      for (std::int64_t s = 0; s < 100; ++s) steps.push_back(whole.step(s));
      for (const std::int64_t start : {0, 1, 27, 28, 29, 77, 99}) {
        BatchPlan fresh = split.plan(settings, by, 9);
        for (std::int64_t s = start; s < 100; ++s) {
          const auto again = fresh.step(s);
          ASSERT_EQ(again.size(), steps[static_cast<std::size_t>(s)].size());
          for (std::size_t k = 0; k < again.size(); ++k) {
            ASSERT_EQ(again[k].sequences, steps[static_cast<std::size_t>(s)][k].sequences)
                << name_of(regime) << by << s;
          }
        }
      }
      for (const std::int64_t s : {90, 3, 55, 2}) {  // backwards too
        EXPECT_EQ(whole.step(s)[0].sequences, steps[static_cast<std::size_t>(s)][0].sequences);
      }
    }
  }
}

TEST(BatchPlan, TemperatureFrequenciesFollowThePowerOfTheSizes) {
  const Split1 split({4000, 1000, 250});
  for (const double temperature : {1.0, 2.0, 5.0}) {
    BatchPlan plan = split.plan({.batch_size = 10}, {{"name", "temperature"}, {"temperature", temperature}}, 1, 40);
    const std::int64_t steps = 40 * plan.steps_per_epoch();
    std::vector<double> counts(3);
    for (std::int64_t s = 0; s < steps; ++s) counts[plan.step(s)[0].tasks[0]] += 1;
    std::vector<double> expected;
    for (const double rows : {4000.0, 1000.0, 250.0}) expected.push_back(std::pow(rows, 1.0 / temperature));
    const double total = std::accumulate(expected.begin(), expected.end(), 0.0);
    for (std::size_t t = 0; t < 3; ++t) {
      const double p = expected[t] / total;
      const double deviation = std::sqrt(p * (1 - p) / static_cast<double>(steps));
      EXPECT_NEAR(counts[t] / static_cast<double>(steps), p, 4.5 * deviation) << "temperature " << temperature;
    }
  }
}

TEST(BatchPlan, AnnealedStartsProportionalAndEndsFlatter) {
  const SamplerContext first{.rows = {900, 100}, .batches = {9000, 1000}, .run_seed = 3, .epoch = 0, .epochs = 10};
  SamplerContext last = first;
  last.epoch = 9;
  const auto share = [&](const SamplerContext& input) {
    const auto tasks = sampler("annealed")->epoch(input);
    return static_cast<double>(std::count(tasks.begin(), tasks.end(), 0)) / static_cast<double>(tasks.size());
  };
  EXPECT_NEAR(share(first), 0.9, 0.015);
  EXPECT_NEAR(share(last), std::pow(9, 0.2) / (1 + std::pow(9, 0.2)), 0.025);
}

TEST(BatchPlan, RoundRobinTakesTurnsUntilATaskIsUsedUp) {
  EXPECT_EQ(sampler("round_robin")->epoch({.rows = {3, 1, 2}, .batches = {3, 1, 2}}),
            (std::vector<std::int32_t>{0, 1, 2, 0, 2, 0}));
}

TEST(BatchPlan, SamplerMistakesNameTheNearestWord) {
  try {
    sampler("proportionl");
    FAIL();
  } catch (const UnknownNameError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean \"proportional\""), std::string::npos) << error.what();
  }
  EXPECT_THROW(sampler({{"name", "temperature"}, {"temperature", 0.5}}), ConfigError);
  EXPECT_THROW(sampler({{"name", "uniform"}, {"temperature", 2}}), ConfigError);
}

TEST(BatchPlan, JointStepsHoldEveryTaskAndShorterOnesWrapIntoNewPermutations) {
  const Split1 split({40, 12});
  BatchPlan plan = split.plan({.batch_size = 8, .regime = Regime::joint});
  ASSERT_EQ(plan.steps_per_epoch(), 5);
  std::multiset<std::int32_t> long_rows;
  std::vector<std::int32_t> short_rows;
  for (std::int64_t s = 0; s < 5; ++s) {
    const auto step = plan.step(s);
    ASSERT_EQ(step.size(), 2u);
    long_rows.insert(step[0].sequences.begin(), step[0].sequences.end());
    short_rows.insert(short_rows.end(), step[1].sequences.begin(), step[1].sequences.end());
  }
  EXPECT_EQ(long_rows.size(), 40u);
  EXPECT_EQ(std::set<std::int32_t>(long_rows.begin(), long_rows.end()).size(), 40u);
  ASSERT_EQ(short_rows.size(), 8u + 4 + 8 + 4 + 8);
  const std::vector<std::int32_t> first(short_rows.begin(), short_rows.begin() + 12);
  const std::vector<std::int32_t> second(short_rows.begin() + 12, short_rows.begin() + 24);
  EXPECT_EQ(std::set<std::int32_t>(first.begin(), first.end()).size(), 12u);
  EXPECT_EQ(std::set<std::int32_t>(second.begin(), second.end()).size(), 12u);
  EXPECT_NE(first, second);
}

TEST(BatchPlan, JointBatchSizeInTotalIsDividedAmongTasks) {
  const Split1 split({100, 100, 100});
  BatchPlan plan = split.plan({.batch_size = 32, .regime = Regime::joint, .joint_batch_size = "total"});
  const auto step = plan.step(0);
  EXPECT_EQ(step[0].sequences.size() + step[1].sequences.size() + step[2].sequences.size(), 32u);
  EXPECT_EQ(step[2].sequences.size(), 10u);
  EXPECT_THROW(split.plan({.batch_size = 2, .regime = Regime::joint, .joint_batch_size = "total"}), ConfigError);
}

TEST(BatchPlan, AJointEpochCanBeAsLongAsAnAlternatingOne) {
  const Split1 split({100, 40, 9});
  const auto steps = [&](BatchingSettings settings) { return split.plan(std::move(settings)).steps_per_epoch(); };
  const std::int64_t alternating = steps({.batch_size = 12});
  EXPECT_EQ(alternating, 9 + 4 + 1);
  EXPECT_EQ(steps({.batch_size = 12, .regime = Regime::joint, .joint_batch_size = "total"}), 25);  // of 4 rows each
  EXPECT_EQ(
      steps({.batch_size = 12, .regime = Regime::joint, .joint_batch_size = "total", .joint_epoch = "total_rows"}),
      alternating);
  EXPECT_EQ(steps({.batch_size = 12, .regime = Regime::joint, .joint_epoch = "total_rows"}), 14 * 12 / 36);
}

TEST(BatchPlan, JointTasksThatShareTextsAreDrawnTogether) {
  Split1 split({30, 20});
  split.data.tasks[1].sequences.clear();
  for (std::int32_t i = 10; i < 40; ++i) split.data.tasks[1].sequences.push_back(i);  // 10 .. 29 are shared
  BatchPlan plan = split.plan({.batch_size = 16, .regime = Regime::joint});
  EXPECT_EQ(plan.steps_per_epoch(), 3);
  std::multiset<std::int32_t> seen;
  for (std::int64_t s = 0; s < 3; ++s) {
    const auto step = plan.step(s);
    ASSERT_EQ(step.size(), 1u);
    EXPECT_EQ(step[0].tasks, (std::vector<std::size_t>{0, 1}));
    seen.insert(step[0].sequences.begin(), step[0].sequences.end());
  }
  EXPECT_EQ(seen.size(), 40u);
  EXPECT_EQ(std::set<std::int32_t>(seen.begin(), seen.end()).size(), 40u);
}

TEST(BatchPlan, MicroBatchesCutTheSameBatchEvenly) {
  const Split1 split({40, 12});
  BatchPlan plan = split.plan({.batch_size = 7, .regime = Regime::joint});
  const auto step = plan.step(0);
  for (const std::int64_t count : {1, 2, 3, 7, 20}) {
    std::vector<std::vector<std::int32_t>> joined(2);
    std::size_t least = 100;
    std::size_t most = 0;
    const auto parts = micro_batches(step, count);
    EXPECT_EQ(std::ssize(parts), std::min<std::int64_t>(count, 7));
    for (const auto& part : parts) {
      for (const TextSelection& selection : part) {
        auto& rows = joined[selection.tasks[0]];
        rows.insert(rows.end(), selection.sequences.begin(), selection.sequences.end());
        least = std::min(least, selection.sequences.size());
        most = std::max(most, selection.sequences.size());
      }
    }
    EXPECT_LE(most - least, 1u);
    EXPECT_EQ(joined[0], step[0].sequences);
    EXPECT_EQ(joined[1], step[1].sequences);
  }
}

TEST(BatchPlan, LengthWindowMakesBatchesOfLikeLength) {
  const Split1 split({1000});
  const auto spread = [&](std::int64_t window) {
    BatchPlan plan = split.plan({.batch_size = 10, .length_window = window});
    double sum = 0.0;
    for (std::int64_t s = 0; s < plan.steps_per_epoch(); ++s) {
      const auto rows = plan.step(s)[0].sequences;
      std::vector<std::int32_t> lengths;
      lengths.reserve(rows.size());
      for (const auto row : rows) lengths.push_back(row % 101 * 7919 % 101);
      sum += *std::max_element(lengths.begin(), lengths.end()) - *std::min_element(lengths.begin(), lengths.end());
    }
    return sum;
  };
  EXPECT_LT(spread(20), 0.2 * spread(0));
}

TEST(BatchPlan, ExtraBatchesAreFunctionsOfSeedStepAndIndexWithoutRepeats) {
  const Split1 split(kSizes);
  BatchPlan plan = split.plan({.batch_size = 8}, "proportional", 2);
  BatchPlan again = split.plan({.batch_size = 8}, "proportional", 2);
  BatchPlan other = split.plan({.batch_size = 8}, "proportional", 3);
  bool differs_by_seed = false;
  for (std::int64_t s = 0; s < 60; ++s) {
    const auto step = plan.step(s);
    const auto extra = plan.independent(s, 0);
    EXPECT_EQ(extra[0].tasks, step[0].tasks);
    EXPECT_EQ(extra[0].sequences, again.independent(s, 0)[0].sequences);
    const std::set<std::int32_t> rows(extra[0].sequences.begin(), extra[0].sequences.end());
    EXPECT_EQ(rows.size(), std::min<std::size_t>(8, split.data.tasks[step[0].tasks[0]].size()));
    if (rows.size() == 8 && kSizes[step[0].tasks[0]] > 30) {
      EXPECT_NE(extra[0].sequences, plan.independent(s, 1)[0].sequences);
    }
    differs_by_seed = differs_by_seed || extra[0].sequences != other.independent(s, 0)[0].sequences;
  }
  EXPECT_TRUE(differs_by_seed);
}

TEST(BatchPlan, AMillionRowsNeedMemoryOfTheirOrder) {
  constexpr std::int32_t kRows = 1000000;
  const Split1 split({kRows, 10});
  const auto allocated = [] {
    const auto info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
  };
  const double before = allocated();
  BatchPlan plan = split.plan({.batch_size = 128, .length_window = 10});
  std::vector<bool> seen(kRows, false);
  std::int64_t rows = 0;
  double most = 0.0;
  for (std::int64_t s = 0; s < plan.steps_per_epoch(); ++s) {
    const auto step = plan.step(s);
    for (const std::int32_t row : step[0].sequences) {
      if (row >= kRows) continue;
      ASSERT_FALSE(seen[static_cast<std::size_t>(row)]);
      seen[static_cast<std::size_t>(row)] = true;
      ++rows;
    }
    most = std::max(most, allocated() - before);
  }
  EXPECT_EQ(rows, kRows);
  EXPECT_LT(most, 32.0 * kRows) << "bytes held beside the data";
  RecordProperty("bytes_a_row", std::to_string(most / kRows));
}

TEST(BatchPlan, ATaskWithoutTrainingRowsIsAnError) {
  const Split1 split({4, 0});
  EXPECT_THROW(split.plan({.batch_size = 2}), ConfigError);
}

}  // namespace
}  // namespace infomtl::data
