#pragma once
// Task grouping: which tasks to train together, from what each pair gains (Standley et al., ICML 2020: a group of more than two
// is expected to give a task the mean of what its pairs give).
//
//   TaskGroups found = suggest_task_groups({{0, 0.02}, {-0.01, 0}});       // gains[source][target]
//   for (const auto& group : found.groups) ...

#include <cstddef>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// [source][target]: a number for each ordered pair of tasks, NaN where it is not known; the diagonal is not read.
using TaskPairs = std::vector<std::vector<double>>;

struct TaskGroups {
  std::vector<std::vector<std::size_t>> groups;  ///< every task once; in the order of their first tasks
  std::vector<double> gains;                     ///< expected, per task; 0 of a task that is alone
  double total = 0;                              ///< their sum
  bool exact = true;                             ///< no partition has a larger total
};

/// What a group gives each of its tasks, in the group's order: the mean of gains[other][task] over its other tasks. NaN where
/// one of them is not known.
INFOMTL_API std::vector<double> expected_gains(const TaskPairs& gains, const std::vector<std::size_t>& group);

/// The partition of the tasks with the largest sum of expected gains. Tasks of a pair that is not known both ways are not put
/// together; of equal partitions the one that joins less.
///
/// Up to `most_exact` tasks all partitions are tried (4,140 of eight tasks). Above, groups are joined two by two, those that
/// gain most first, as long as something is gained.
/// @param gains  [T][T] @throws ShapeError where it is not square
INFOMTL_API TaskGroups suggest_task_groups(const TaskPairs& gains, std::size_t most_exact = 8);

}  // namespace infomtl
