#pragma once
// Task: what is predicted from a text, with which labels, scored by which metric. One JSON record a task, no C++.

#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// What a label is. A pair task is a classification (or regression) over two texts.
enum class LabelKind {
  single,    ///< one of C classes: int64
  multiple,  ///< any subset of C classes: float 0/1
  value,     ///< a real number (regression)
  tags,      ///< one of C classes for every word of the text
};

struct Task {
  std::string name;
  std::string type;  ///< the record's word: classification, pair_classification, multi_label, regression, tagging
  LabelKind kind = LabelKind::single;
  bool pair = false;                   ///< reads text_pair
  std::vector<std::string> labels;     ///< C names; empty for regression
  Json metric;                         ///< a metric's name, or {"name": ..., options}
  Json extra_metrics = Json::array();  ///< further metrics reported beside it
  std::int64_t train_rows = 0;         ///< labelled rows of the training split, 0 when it has none

  /// Width of the task's prediction: C classes, or 1 for a value.
  std::int64_t outputs() const { return kind == LabelKind::value ? 1 : static_cast<std::int64_t>(labels.size()); }
};

}  // namespace infomtl
