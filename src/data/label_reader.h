#pragma once
// Label reader: what the raw labels of a task's rows mean, by its record: indices of its labels, or values.
//
//   LabelReader labels(record, Split::train, problem, nullptr);
//   labels.append(rows.labels[0], rows, first_sequence, data.tasks[0]);

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/readers.h"
#include "data/task_record.h"
#include "infomtl/core/settings.h"
#include "infomtl/data/dataset.h"

namespace infomtl::data {

constexpr std::size_t kMostListed = 12;  ///< of problems: a file of the wrong kind has as many as rows

/// By class: what was read as it, and how often; behind the classes, labels of none that the record takes as wrong.
using Readings = std::vector<std::map<std::string, std::int64_t>>;

/// Labels as words or as indices. Where a name is itself a number, however it is written, only names are taken; 0 and 1 are
/// no indices where the classes named false and true have other ones, nor is 0 where a row has the only class or has not.
class LabelNames {
 public:
  /// @param names  kept by reference
  LabelNames(const std::vector<std::string>& names, TaskKind kind);
  std::optional<std::int32_t> find(std::string_view cell) const;
  /// Why a cell is no label. @param suggests  whether the nearest name is looked for, which takes time where there are thousands
  std::string complaint(std::string_view cell, bool suggests) const;

 private:
  const std::vector<std::string>& names_;
  std::map<std::string, std::int32_t, std::less<>> index_;
  bool indices_allowed_ = true;
  std::array<std::optional<std::size_t>, 2> booleans_;  ///< the classes named false and true, where 0 and 1 are others
};

/// Understands the raw labels of one task in one source and appends them to the task's rows.
class LabelReader {
 public:
  /// @param record  kept by reference @param readings  by class; null: what labels were read from is not kept
  LabelReader(const TaskRecord& record, Split split, ErrorList problem, Readings* readings);
  /// @param first_sequence  the place of the source's first text among the split's
  void append(const RawLabels& raw, const SourceRows& source, std::int32_t first_sequence, TaskRows& rows);
  /// "3 rows without a label, 2 with one that \"labels\" lacks": what append() left out as the record allows; or nothing.
  std::string left_out() const;

 private:
  bool tags_fit(const Texts& texts, std::size_t row, std::size_t tags, const std::string& where);
  bool append_class(std::string_view cell, const std::string& where, std::size_t row_begin, TaskRows& rows);
  bool append_value(std::string_view cell, const std::string& where, TaskRows& rows);

  const TaskRecord& record_;
  bool training_;
  LabelNames names_;
  ErrorList problem_;
  std::int64_t without_label_ = 0, unknown_ = 0;
  std::size_t complaints_ = 0;
  std::size_t outside_count_ = 0;  ///< values outside the record's range
  Range outside_;                  ///< the least and the greatest of them
  Readings* readings_;
};

}  // namespace infomtl::data
