#include "infomtl/study/successive_halving.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"

namespace infomtl {
namespace {

using Trials = std::vector<std::size_t>;
constexpr double kFailed = std::numeric_limits<double>::quiet_NaN();

TEST(RungEpochs, AreGeometricAndEndAtTheFullLength) {
  using Epochs = std::vector<std::int64_t>;
  EXPECT_EQ(rung_epochs(1, 27, 3), (Epochs{1, 3, 9, 27}));
  EXPECT_EQ(rung_epochs(5, 20, 2), (Epochs{5, 10, 20}));
  EXPECT_EQ(rung_epochs(1, 20, 3), (Epochs{1, 3, 9, 20}));
  EXPECT_EQ(rung_epochs(4, 4, 3), (Epochs{4}));
  EXPECT_EQ(rung_epochs(1, std::numeric_limits<std::int64_t>::max(), 2).size(), 64U);
  EXPECT_THROW(rung_epochs(0, 4, 3), StateError);
  EXPECT_THROW(rung_epochs(5, 4, 3), StateError);
  EXPECT_THROW(rung_epochs(1, 4, 1), StateError);
}

TEST(SuccessiveHalving, WaitsForTheRungAndSendsOnTheBest) {
  const HalvingRules rules{.trials = 7, .epochs = {1, 3, 9}, .eta = 3};
  RungScores scores(7);
  EXPECT_EQ(halving_state(rules, scores).open, (Trials{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(best_trial(scores), std::nullopt);
  for (std::size_t trial = 0; trial < 6; ++trial) scores[trial] = {0.1 * static_cast<double>(trial)};
  EXPECT_EQ(halving_state(rules, scores).open, (Trials{6})) << "nobody goes on before the rung is whole";
  EXPECT_TRUE(halving_state(rules, scores).ended.empty());
  scores[6] = {0.45};
  EXPECT_EQ(halving_state(rules, scores).open, (Trials{5, 6})) << "two of seven";
  EXPECT_EQ(halving_state(rules, scores).ended, (Trials{0, 1, 2, 3, 4}));
  scores[5].push_back(0.6);
  scores[6].push_back(0.7);
  EXPECT_EQ(halving_state(rules, scores).open, (Trials{6})) << "one of two: a rung sends on at least one";
  scores[6].push_back(0.2);
  EXPECT_TRUE(halving_state(rules, scores).open.empty());
  EXPECT_EQ(halving_state(rules, scores).ended.size(), 7U);
  EXPECT_EQ(best_trial(scores), 6U) << "of those that were trained longest";
}

TEST(SuccessiveHalving, TheFirstOfEqualsWinsAndFailuresDropOut) {
  const HalvingRules rules{.trials = 4, .epochs = {1, 2}, .eta = 2};
  EXPECT_EQ(halving_state(rules, {{0.5}, {0.5}, {0.5}, {0.5}}).open, (Trials{0, 1}));
  EXPECT_EQ(halving_state(rules, {{kFailed}, {0.1}, {kFailed}, {kFailed}}).open, (Trials{1}));
  const RungScores all_failed = {{kFailed}, {kFailed}, {kFailed}, {kFailed}};
  EXPECT_TRUE(halving_state(rules, all_failed).open.empty());
  EXPECT_EQ(halving_state(rules, all_failed).ended.size(), 4U);
  EXPECT_EQ(best_trial(all_failed), std::nullopt);
  EXPECT_EQ(best_trial({{0.9, kFailed}, {0.1}}), 1U) << "a trial that failed later is no winner";
}

TEST(SuccessiveHalving, AMedianStopKeepsTheUpperHalf) {
  const HalvingRules rules{.trials = 5, .epochs = {1, 2}, .median_stop = true};
  EXPECT_EQ(halving_state(rules, {{0.5}, {0.1}, {0.3}, {0.3}, {0.2}}).open, (Trials{0, 2, 3}));
  const HalvingRules even{.trials = 4, .epochs = {1, 2}, .median_stop = true};
  EXPECT_EQ(halving_state(even, {{0.5}, {0.1}, {0.3}, {0.2}}).open, (Trials{0, 2}));
}

TEST(AsynchronousHalving, SendsOnAsSoonAsOneIsAmongTheBest) {
  const HalvingRules rules{.trials = 9, .epochs = {1, 3, 9}, .eta = 3, .asynchronous = true};
  RungScores scores(9);
  scores[0] = {0.5};
  scores[1] = {0.7};
  EXPECT_EQ(halving_state(rules, scores).open.front(), 2U);
  scores[2] = {0.6};
  EXPECT_EQ(halving_state(rules, scores).open, (Trials{1, 3, 4, 5, 6, 7, 8})) << "one of three goes on at once";
  scores[1].push_back(0.8);
  EXPECT_EQ(halving_state(rules, scores).open.front(), 3U) << "the one of three is taken";
  for (std::size_t trial = 3; trial < 9; ++trial) scores[trial] = {0.1 * static_cast<double>(trial)};
  EXPECT_EQ(halving_state(rules, scores).open, (Trials{8, 7})) << "8, 7 and 1 are the three of nine, and 1 has gone";
}

TEST(AsynchronousHalving, ASmallRungSendsItsBestToTheEnd) {
  const HalvingRules rules{.trials = 4, .epochs = {1, 3, 9}, .eta = 3, .asynchronous = true};
  RungScores scores = {{0.1}, {0.4}, {0.3}, {0.2}};
  EXPECT_EQ(halving_state(rules, scores).open, (Trials{1}));
  scores[1] = {0.4, 0.5};
  EXPECT_EQ(halving_state(rules, scores).open, (Trials{1})) << "nobody else will come to the second rung";
  EXPECT_EQ(halving_state(rules, scores).ended, Trials{});
  scores[1].push_back(0.6);
  EXPECT_TRUE(halving_state(rules, scores).open.empty());
  EXPECT_EQ(halving_state(rules, scores).ended.size(), 4U);
}

TEST(HalvingState, RefusesScoresOfAnotherSearch) {
  const HalvingRules rules{.trials = 2, .epochs = {1}};
  EXPECT_THROW(halving_state(rules, {{0.1}}), StateError);
  EXPECT_THROW(halving_state(rules, {{0.1}, {0.1, 0.2}}), StateError);
}

// The objective: 27 trials, a grid of three values of three fields, each with an optimum in the middle. After e epochs
// trial i scores  q_i - (q_i - 0.3) exp(-e / tau_i) + noise,  q_i = 0.8 - 0.10 a^2 - 0.06 b^2 - 0.03 c^2 for a, b, c in
// {-1, 0, 1}, tau_i = 4 - 2 a (so that a fast learner with a = 1, which is 0.1 worse, leads early), and normal noise of
// deviation 0.006 for each reading. The best is the trial with a = b = c = 0, second 0.03 below it.
struct Objective {
  explicit Objective(std::uint64_t repeat)
      : order(RandomStream(derive_seed(repeat, "order")).permutation(27)), seed(repeat) {}

  std::size_t best() const {
    return static_cast<std::size_t>(std::find(order.begin(), order.end(), 13U) - order.begin());
  }
  double score(std::size_t trial, std::int64_t epochs) const {
    const std::size_t point = order[trial];
    const auto coordinate = [](std::size_t value) { return static_cast<double>(value) - 1; };
    const double a = coordinate(point / 9), b = coordinate(point / 3 % 3), c = coordinate(point % 3);
    const double quality = 0.8 - 0.10 * a * a - 0.06 * b * b - 0.03 * c * c;
    const double tau = 4 - 2 * a;
    RandomStream noise(derive_seed(seed, "noise/" + std::to_string(trial), static_cast<std::uint64_t>(epochs)));
    return quality - (quality - 0.3) * std::exp(-static_cast<double>(epochs) / tau) + 0.006 * noise.normal();
  }

  std::vector<std::size_t> order;  ///< which point of the grid a trial is
  std::uint64_t seed;
};

/// Runs a search of one worker. @return the epochs it trained
std::int64_t search(const HalvingRules& rules, const Objective& objective, RungScores& scores) {
  std::int64_t cost = 0;
  while (true) {
    const HalvingState state = halving_state(rules, scores);
    if (state.open.empty()) return cost;
    std::vector<double>& of_trial = scores[state.open.front()];
    const std::size_t rung = of_trial.size();
    cost += rules.epochs[rung] - (rung > 0 ? rules.epochs[rung - 1] : 0);
    of_trial.push_back(objective.score(state.open.front(), rules.epochs[rung]));
  }
}

TEST(SuccessiveHalving, FindsTheBestOf27ForAFractionOfTheCost) {
  for (const bool asynchronous : {false, true}) {
    const HalvingRules rules{.trials = 27, .epochs = rung_epochs(3, 27, 3), .eta = 3, .asynchronous = asynchronous};
    int found = 0;
    double dearest = 0;
    for (std::uint64_t repeat = 0; repeat < 20; ++repeat) {
      const Objective objective(repeat);
      RungScores scores(27);
      dearest = std::max(dearest, static_cast<double>(search(rules, objective, scores)) / (27 * 27));
      found += best_trial(scores) == objective.best() ? 1 : 0;
    }
    EXPECT_GE(found, 18) << "of 20, asynchronous " << asynchronous;
    EXPECT_LE(dearest, 0.4) << "of the cost of training all to the end, asynchronous " << asynchronous;
    RecordProperty(asynchronous ? "asynchronous_found" : "synchronous_found", found);
    std::printf("%s: found %d of 20 for at most %.1f %% of the cost\n", asynchronous ? "asynchronous" : "synchronous",
                found, 100 * dearest);
  }
}

// What was recorded decides alone: a search that is broken off after any number of results goes on the same way.
TEST(SuccessiveHalving, ABrokenOffSearchEndsAlike) {
  for (const bool asynchronous : {false, true}) {
    const HalvingRules rules{.trials = 27, .epochs = rung_epochs(1, 27, 3), .eta = 3, .asynchronous = asynchronous};
    const Objective objective(5);
    RungScores whole(27);
    search(rules, objective, whole);
    for (const int broken_after : {1, 7, 26, 29, 35}) {
      RungScores scores(27);
      for (int i = 0; i < broken_after; ++i) {
        const std::size_t trial = halving_state(rules, scores).open.front();
        scores[trial].push_back(objective.score(trial, rules.epochs[scores[trial].size()]));
      }
      RungScores read_back = scores;
      search(rules, objective, read_back);
      EXPECT_EQ(read_back, whole) << broken_after;
    }
  }
}

// Several workers whose results come in any order: the synchronous search is the same, the asynchronous one ends.
TEST(SuccessiveHalving, WorkersInAnyOrder) {
  const Objective objective(3);
  HalvingRules rules{.trials = 27, .epochs = rung_epochs(1, 27, 3), .eta = 3};
  RungScores alone(27);
  search(rules, objective, alone);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const bool asynchronous : {false, true}) {
      rules.asynchronous = asynchronous;
      RandomStream luck(seed);
      RungScores scores(27);
      while (true) {
        const HalvingState state = halving_state(rules, scores);
        if (state.open.empty()) break;
        const std::size_t trial = state.open[luck.below(std::min<std::size_t>(4, state.open.size()))];
        scores[trial].push_back(objective.score(trial, rules.epochs[scores[trial].size()]));
      }
      if (!asynchronous) {
        EXPECT_EQ(scores, alone);
      }
      EXPECT_TRUE(std::any_of(scores.begin(), scores.end(), [](const auto& one) { return one.size() == 4; }));
    }
  }
}

}  // namespace
}  // namespace infomtl
