#pragma once
// Labels as a source writes them, before a task's list of labels says what they mean.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/task_record.h"
#include "data/text_lines.h"

namespace infomtl::data {

/// A label as written: a list of items, one for single labels and values.
struct RawLabels {
  RowFile file;
  std::vector<std::int32_t> lines;  ///< where each row's label stands in it
  StringTable items;
  std::vector<std::int64_t> offsets = {0};
  std::vector<bool> missing;
  std::vector<bool> refused;  ///< missing since the cell could not be taken, which was told already

  std::size_t size() const { return missing.size(); }
  void append_missing(std::int32_t line);
  void append_refused(std::int32_t line);
  void append(const std::vector<std::string_view>& row_items, std::int32_t line);
};

/// How one task's labels are found in a source.
struct LabelRequest {
  TaskKind kind = TaskKind::classification;
  const Source* source = nullptr;
  const std::vector<std::string>* names = nullptr;  ///< of the classes, for 0/1 columns
};

/// One cell of a text format: a label, tags between blanks, or a list between separators.
void append_cell(RawLabels& labels, const LabelRequest& request, std::string_view cell, std::int32_t line);
/// One 0/1 column per class; true, false and 1.0, 0.0 are taken, too, as pandas and spreadsheets write them.
void append_indicators(RawLabels& labels, const LabelRequest& request, const std::vector<std::string_view>& cells,
                       std::int32_t line, const ErrorList& problem);
/// A JSON value; null pointer or null: no label. @return whether the value has the shape of this kind of label
bool append_json(RawLabels& labels, const LabelRequest& request, const Json* value, std::int32_t line);

/// Whether a number of JSON, or one of a list, is so large that it may have been read as another one, near it.
bool holds_rounded(const Json& value);
/// A cell of a 0/1 column as the text formats write it.
std::string json_indicator(const Json& value);

/// The class that is named "true" or "false" in any case, where one alone is.
std::optional<std::size_t> boolean_class(bool value, const std::vector<std::string>& names);

/// The rows of one source with the labels of every task that reads it.
struct SourceRows {
  Texts texts;
  std::vector<std::int32_t> lines;
  std::vector<RawLabels> labels;  ///< one for each request, as many rows as texts
};

}  // namespace infomtl::data
