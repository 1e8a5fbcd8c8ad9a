#pragma once
// Class report: what a score is made of, class by class, and which classes are taken for which.
//
//   ClassReport report = class_report(predictions);
//   report.counts[1].f1();                       // of the second label
//   report.confusion[{0, 1}];                    // rows of the first label that were taken for the second

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/metrics/predictions.h"

namespace infomtl {

struct ClassReport {
  std::vector<std::string> labels;  ///< C names
  std::vector<LabelCounts> counts;  ///< of each label: of rows, words (tags) or sets
  /// {gold, predicted} -> rows or words, those above 0; predicted C: no answer. Empty for label sets.
  std::map<std::pair<std::size_t, std::size_t>, std::int64_t> confusion;

  bool empty() const { return labels.empty(); }
  /// Rows (words) whose gold label this is.
  std::int64_t support(std::size_t label) const { return counts[label].true_positives + counts[label].false_negatives; }

  /// {"labels", "counts": [[true positives, false positives, false negatives], ...], "confusion": [[gold, predicted, n], ...]}
  INFOMTL_API Json to_json() const;
  /// @throws nlohmann's exceptions and FormatError for what is no report
  INFOMTL_API static ClassReport from_json(const Json& json);
};

/// Of classes, tags (word by word) and sets; empty for values. @throws what check() throws
INFOMTL_API ClassReport class_report(const Predictions& predictions);

}  // namespace infomtl
