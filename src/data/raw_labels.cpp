#include "data/raw_labels.h"

#include <algorithm>

namespace infomtl::data {

void RawLabels::append_missing(std::int32_t line) {
  lines.push_back(line);
  offsets.push_back(static_cast<std::int64_t>(items.size()));
  missing.push_back(true);
}

void RawLabels::append(const std::vector<std::string_view>& row_items, std::int32_t line) {
  for (const std::string_view item : row_items) items.append(item);
  append_missing(line);
  missing.back() = false;
}

void append_cell(RawLabels& labels, const LabelRequest& request, std::string_view cell, std::int32_t line) {
  const std::string_view text = trimmed(cell);
  if (request.kind == TaskKind::multi_label) {
    std::vector<std::string_view> items;
    const std::string& separator = request.source->label_separator;
    for (std::size_t begin = 0; begin <= text.size() && !text.empty();) {
      const std::size_t end = std::min(text.find(separator, begin), text.size());
      items.push_back(trimmed(text.substr(begin, end - begin)));
      begin = end + separator.size();
    }
    labels.append(items, line);
  } else if (text.empty()) {
    labels.append_missing(line);
  } else if (request.kind == TaskKind::tagging) {
    labels.append(pieces_of(text, blank_separated(text)), line);
  } else {
    labels.append({text}, line);
  }
}

void append_indicators(RawLabels& labels, const LabelRequest& request, const std::vector<std::string_view>& cells,
                       std::int32_t line, const ErrorList& problem) {
  std::vector<std::string_view> items;
  bool any_empty = false;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const std::string_view cell = trimmed(cells[c]);
    if (cell == "1") {
      items.push_back((*request.names)[c]);
    } else if (cell.empty()) {
      any_empty = true;
    } else if (cell != "0") {
      problem(line_of(labels.file, line) + "column \"" + request.source->label_columns[c] + "\" holds \"" +
              std::string(cell) + "\" where 0 or 1 is needed");
      any_empty = true;
    }
  }
  if (any_empty) {
    labels.append_missing(line);
  } else {
    labels.append(items, line);
  }
}

std::string json_item(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  return value.dump();
}

bool append_json(RawLabels& labels, const LabelRequest& request, const Json* value, std::int32_t line) {
  if (value == nullptr || value->is_null()) {
    labels.append_missing(line);
    return true;
  }
  const bool list = request.kind == TaskKind::multi_label || request.kind == TaskKind::tagging;
  if (value->is_object() || (value->is_array() && !list)) return false;
  if (!value->is_array()) {
    append_cell(labels, request, json_item(*value), line);
    return true;
  }
  std::vector<std::string> items;
  for (const Json& item : *value) {
    if (item.is_structured() || item.is_null()) return false;
    items.push_back(json_item(item));
  }
  labels.append({items.begin(), items.end()}, line);
  return true;
}

}  // namespace infomtl::data
