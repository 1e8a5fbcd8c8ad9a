#pragma once
// Relatedness measure: one way to say how each task relates to each other one.

#include <string>

#include "infomtl/analysis/task_grouping.h"

namespace infomtl {

/// Letters: T tasks.
struct RelatednessMeasure {
  std::string name;       ///< "transfer gain"
  std::string meaning;    ///< how to read it, in words
  std::string source;     ///< the runs that it comes from
  bool directed = false;  ///< whether values[s][t] is what task s does to task t; else they are symmetric
  TaskPairs values;       ///< [T][T], larger for tasks that are more alike or help more; NaN where it is not known
  TaskPairs half_width_95 = {};  ///< of each value, over seeds or draws; empty where there are none
};

}  // namespace infomtl
