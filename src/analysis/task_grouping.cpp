#include "infomtl/analysis/task_grouping.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

using Groups = std::vector<std::vector<std::size_t>>;

/// NaN where a pair is not known.
double total_gain(const TaskPairs& gains, const std::vector<std::size_t>& group) {
  double sum = 0;
  for (const double gain : expected_gains(gains, group)) sum += gain;
  return sum;
}

/// Tries every way to put the tasks from `task` on into the groups there are or new ones; better ones replace `best`.
void try_partitions(const TaskPairs& gains, std::size_t task, Groups& groups, Groups& best, double& best_total) {
  if (task == gains.size()) {
    double total = 0;
    for (const auto& group : groups) total += total_gain(gains, group);
    if (total > best_total) {  // false of NaN
      best_total = total;
      best = groups;
    }
    return;
  }
  groups.push_back({task});
  try_partitions(gains, task + 1, groups, best, best_total);
  groups.pop_back();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    groups[g].push_back(task);
    try_partitions(gains, task + 1, groups, best, best_total);
    groups[g].pop_back();
  }
}

std::vector<std::size_t> joined_group(const std::vector<std::size_t>& a, const std::vector<std::size_t>& b) {
  std::vector<std::size_t> both = a;
  both.insert(both.end(), b.begin(), b.end());
  std::sort(both.begin(), both.end());
  return both;
}

Groups joined_greedily(const TaskPairs& gains, Groups groups) {
  while (true) {
    double most = 0;
    std::pair<std::size_t, std::size_t> place;
    for (std::size_t a = 0; a < groups.size(); ++a) {
      for (std::size_t b = a + 1; b < groups.size(); ++b) {
        const double more = total_gain(gains, joined_group(groups[a], groups[b])) - total_gain(gains, groups[a]) -
                            total_gain(gains, groups[b]);
        if (more > most) {  // false of NaN
          most = more;
          place = {a, b};
        }
      }
    }
    if (most <= 0) return groups;
    groups[place.first] = joined_group(groups[place.first], groups[place.second]);
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(place.second));
  }
}

}  // namespace

std::vector<double> expected_gains(const TaskPairs& gains, const std::vector<std::size_t>& group) {
  std::vector<double> expected(group.size(), 0.0);
  if (group.size() < 2) return expected;
  for (std::size_t i = 0; i < group.size(); ++i) {
    for (std::size_t j = 0; j < group.size(); ++j) {
      if (i != j) expected[i] += gains[group[j]][group[i]] / static_cast<double>(group.size() - 1);
    }
  }
  return expected;
}

TaskGroups suggest_task_groups(const TaskPairs& gains, std::size_t most_exact) {
  for (const auto& row : gains) {
    if (row.size() != gains.size()) {
      throw ShapeError("gains of " + std::to_string(gains.size()) + " tasks have a row of " +
                       std::to_string(row.size()) + " numbers");
    }
  }
  TaskGroups found;
  found.gains.assign(gains.size(), 0.0);
  for (std::size_t t = 0; t < gains.size(); ++t) found.groups.push_back({t});
  found.exact = gains.size() <= most_exact;
  if (found.exact) {
    Groups groups;
    double best_total = 0;  // of every task alone
    try_partitions(gains, 0, groups, found.groups, best_total);
  } else {
    found.groups = joined_greedily(gains, std::move(found.groups));
  }
  for (const auto& group : found.groups) {
    const std::vector<double> expected = expected_gains(gains, group);
    for (std::size_t i = 0; i < group.size(); ++i) found.gains[group[i]] = expected[i];
  }
  for (const double gain : found.gains) found.total += gain;
  return found;
}

}  // namespace infomtl
