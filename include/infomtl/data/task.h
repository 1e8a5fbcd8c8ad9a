#pragma once
// Task: what is predicted from a text, with which labels, scored by which metric. One JSON record per task, no C++.

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/task_kind.h"
#include "infomtl/metrics/tag_scheme.h"

namespace infomtl {

/// A metric, by its name in the registry.
struct MetricChoice {
  std::string name;
  std::string options = {};  ///< JSON text of the record's object, {"name": ..., options}; empty where there are none
  std::string where = {};    ///< place in the record, for messages; empty where none is known
};

struct Task {
  std::string name;
  std::string type;  ///< the record's word: classification, pair_classification, multi_label, regression, tagging
  TaskKind kind = TaskKind::classification;
  bool pair = false;                     ///< reads text_pair
  std::vector<std::string> labels = {};  ///< C names; empty for regression
  MetricChoice metric = {};
  std::vector<MetricChoice> extra_metrics = {};  ///< reported beside it
  std::int64_t train_rows = 0;                   ///< labelled rows of the training split, 0 when it has none
  TagScheme scheme = TagScheme::bio;             ///< of tags that mark entities
  bool words = false;  ///< some of its training texts were given as words: a tagging task labels them
  std::vector<std::int64_t> label_counts = {};  ///< rows (words when tagging) of each label in training; {}: not known

  /// Width of the task's prediction: C classes, or 1 for a regression.
  std::int64_t outputs() const { return kind == TaskKind::regression ? 1 : static_cast<std::int64_t>(labels.size()); }
};

}  // namespace infomtl
