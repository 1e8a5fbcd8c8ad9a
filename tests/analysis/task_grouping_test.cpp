#include "infomtl/analysis/task_grouping.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"

namespace infomtl {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Groups = std::vector<std::vector<std::size_t>>;

TaskPairs random_gains(std::size_t tasks, std::uint64_t seed) {
  RandomStream random(derive_seed(seed, "gains"));
  TaskPairs gains(tasks, std::vector<double>(tasks));
  for (auto& row : gains) {
    for (double& value : row) value = random.normal();
  }
  return gains;
}

/// The largest total over all T^T ways to give the tasks numbers of groups, told in another way than the library's.
double best_by_brute_force(const TaskPairs& gains) {
  const std::size_t tasks = gains.size();
  std::size_t ways = 1;
  for (std::size_t t = 0; t < tasks; ++t) ways *= tasks;
  double best = 0;
  for (std::size_t way = 0; way < ways; ++way) {
    std::vector<std::size_t> group(tasks);
    std::map<std::size_t, double> sizes;
    for (std::size_t t = 0, rest = way; t < tasks; ++t, rest /= tasks) ++sizes[group[t] = rest % tasks];
    double total = 0;
    for (std::size_t target = 0; target < tasks; ++target) {
      for (std::size_t source = 0; source < tasks; ++source) {
        if (source == target || group[source] != group[target]) continue;
        total += gains[source][target] / (sizes[group[target]] - 1);
      }
    }
    if (total > best) best = total;
  }
  return best;
}

TEST(TaskGrouping, FindsTheBestPartition) {
  for (std::size_t tasks = 1; tasks <= 6; ++tasks) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const TaskPairs gains = random_gains(tasks, seed);
      const TaskGroups found = suggest_task_groups(gains);
      EXPECT_TRUE(found.exact);
      EXPECT_NEAR(found.total, best_by_brute_force(gains), 1e-12) << tasks << " tasks, seed " << seed;
      std::vector<int> seen(tasks);
      for (const auto& group : found.groups) {
        for (const std::size_t task : group) ++seen[task];
      }
      EXPECT_EQ(seen, std::vector<int>(tasks, 1));
    }
  }
}

TEST(TaskGrouping, ExpectsOfAGroupTheMeanOfItsPairs) {
  const TaskPairs gains = {{0, 1, 2}, {3, 0, -1}, {5, 7, 0}};
  EXPECT_EQ(expected_gains(gains, {0, 1, 2}), (std::vector<double>{4, 4, 0.5}));
  EXPECT_EQ(expected_gains(gains, {2, 1}), (std::vector<double>{-1, 7}));
  EXPECT_EQ(expected_gains(gains, {1}), std::vector<double>{0});
}

TEST(TaskGrouping, LeavesTasksAloneThatGainNothing) {
  const TaskGroups found = suggest_task_groups({{0, 1, -9}, {2, 0, -9}, {-9, -9, 0}});
  EXPECT_EQ(found.groups, (Groups{{0, 1}, {2}}));
  EXPECT_EQ(found.gains, (std::vector<double>{2, 1, 0}));
  EXPECT_EQ(found.total, 3);
  EXPECT_EQ(suggest_task_groups({{0, 0}, {0, 0}}).groups, (Groups{{0}, {1}})) << "nothing is gained";
  EXPECT_TRUE(suggest_task_groups({}).groups.empty());
}

TEST(TaskGrouping, KeepsApartWhatIsNotKnown) {
  EXPECT_EQ(suggest_task_groups({{kNan, 5, 1}, {kNan, kNan, kNan}, {1, kNan, kNan}}).groups, (Groups{{0, 2}, {1}}));
  EXPECT_EQ(suggest_task_groups({{kNan, kNan}, {kNan, kNan}}).groups, (Groups{{0}, {1}}));
  EXPECT_THROW(suggest_task_groups({{0, 1}, {1}}), ShapeError);
}

TEST(TaskGrouping, JoinsManyTasksGreedily) {
  // Three clusters of four tasks that help each other and harm the others: of such, two are as good together as four.
  TaskPairs gains(12, std::vector<double>(12));
  for (std::size_t s = 0; s < 12; ++s) {
    for (std::size_t t = 0; t < 12; ++t) gains[s][t] = s % 3 == t % 3 ? 1 : -1;
  }
  const TaskGroups found = suggest_task_groups(gains);
  EXPECT_FALSE(found.exact);
  EXPECT_EQ(found.groups, (Groups{{0, 3}, {1, 4}, {2, 5}, {6, 9}, {7, 10}, {8, 11}}));
  EXPECT_DOUBLE_EQ(found.total, 12);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const TaskPairs random = random_gains(6, seed);
    const TaskGroups greedy = suggest_task_groups(random, 0);
    EXPECT_LE(greedy.total, suggest_task_groups(random).total + 1e-12);
    EXPECT_GE(greedy.total, 0);
  }
}

}  // namespace
}  // namespace infomtl
