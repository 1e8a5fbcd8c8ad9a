#pragma once
// Predictions: what a task's test rows say and what the model said, as plain numbers without tensors.
//
//   Predictions p{.space = {TaskKind::classification, {"not-hate", "hate"}}};
//   p.gold = {0, 1, 1};
//   p.predicted = {0, 1, 0};
//   double score = build_metric("macro_f1", p.space)->score(p);

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/task_kind.h"
#include "infomtl/metrics/tag_scheme.h"

namespace infomtl {

/// "classification", "multi_label", "regression" or "tagging".
INFOMTL_API std::string_view name_of(TaskKind kind);

/// What a metric is built for: the kind of the answers and their labels.
struct MetricContext {
  TaskKind kind = TaskKind::classification;
  std::vector<std::string> labels = {};  ///< C names, in the order of their numbers; empty for values
  TagScheme scheme = TagScheme::bio;     ///< of tags that mark entities

  /// @throws ConfigError with the nearest label when `label` is not one of them
  INFOMTL_API std::size_t index_of(std::string_view label) const;
};

/// In `predicted`: the model gave no answer (a word cut off by the length limit). Counts as a wrong answer of no class;
/// an entity reading takes it for "O".
inline constexpr std::int64_t kNoAnswer = -1;

/// Letters: R rows, C labels, W words of all sentences together. Only the pair of the space's kind is filled.
struct Predictions {
  MetricContext space = {};
  /// classes: [R] label numbers. tags: [W] label numbers, sentence after sentence. sets: [R * C], 1 where the row has
  /// the label, else 0.
  std::vector<std::int64_t> gold = {}, predicted = {};
  std::vector<double> gold_values = {}, predicted_values = {};  ///< values: [R]
  std::vector<std::size_t> sentence_lengths = {};               ///< tags: words of each sentence, their sum is W
};

/// @throws DataError when there is nothing to score, NonFiniteError at a NaN or an infinity (naming the row),
///         StateError when sizes or label numbers do not fit the space
INFOMTL_API void check(const Predictions& predictions);

/// One label against the rest.
struct LabelCounts {
  std::int64_t true_positives = 0;
  std::int64_t false_positives = 0;
  std::int64_t false_negatives = 0;

  bool occurs() const { return true_positives + false_positives + false_negatives > 0; }
  /// Ratios with nothing below the line are 0, as scikit-learn's with zero_division=0.
  INFOMTL_API double precision() const;
  INFOMTL_API double recall() const;
  INFOMTL_API double f1() const;
};

/// [C] counts of classes, tags (word by word) or sets; `predictions` have passed check().
INFOMTL_API std::vector<LabelCounts> count_labels(const Predictions& predictions);

}  // namespace infomtl
