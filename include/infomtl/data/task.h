#pragma once
// Task: what is predicted from a text, with which labels, scored by which metric. One JSON record per task, no C++.

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/core/task_kind.h"

namespace infomtl {

struct Task {
  std::string name;
  std::string type;  ///< the record's word: classification, pair_classification, multi_label, regression, tagging
  TaskKind kind = TaskKind::classification;
  bool pair = false;                   ///< reads text_pair
  std::vector<std::string> labels;     ///< C names; empty for regression
  Json metric;                         ///< a metric's name, or {"name": ..., options}
  Json extra_metrics = Json::array();  ///< further metrics reported beside it
  std::int64_t train_rows = 0;         ///< labelled rows of the training split, 0 when it has none

  /// Width of the task's prediction: C classes, or 1 for a regression.
  std::int64_t outputs() const { return kind == TaskKind::regression ? 1 : static_cast<std::int64_t>(labels.size()); }
};

}  // namespace infomtl
