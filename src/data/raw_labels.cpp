#include "data/raw_labels.h"

#include <algorithm>
#include <cmath>

#include "infomtl/core/utf8.h"

namespace infomtl::data {

void RawLabels::append_missing(std::int32_t line) {
  lines.push_back(line);
  offsets.push_back(static_cast<std::int64_t>(items.size()));
  missing.push_back(true);
  refused.push_back(false);
}

void RawLabels::append_refused(std::int32_t line) {
  append_missing(line);
  refused.back() = true;
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

namespace {

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// What a cell of a 0/1 column says.
std::optional<bool> indicator(std::string_view cell) {
  if (cell == "1" || cell == "1.0" || same_word(cell, "true")) return true;
  if (cell == "0" || cell == "0.0" || same_word(cell, "false")) return false;
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> boolean_class(bool value, const std::vector<std::string>& names) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!same_word(names[i], value ? "true" : "false")) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

void append_indicators(RawLabels& labels, const LabelRequest& request, const std::vector<std::string_view>& cells,
                       std::int32_t line, const ErrorList& problem) {
  std::vector<std::string_view> items;
  bool any_empty = false, any_refused = false;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const std::string_view cell = trimmed(cells[c]);
    const std::optional<bool> there = indicator(cell);
    if (cell.empty()) {
      any_empty = true;
    } else if (!there) {
      problem(labels.file.place(line) + "column \"" + request.source->label_columns[c] + "\" holds \"" +
              shortened_to(printable(cell), kLongestShown) + "\" where 0 or 1 is needed");
      any_refused = true;
    } else if (*there) {
      items.push_back((*request.names)[c]);
    }
  }
  if (any_refused) {
    labels.append_refused(line);
  } else if (any_empty) {
    labels.append_missing(line);
  } else {
    labels.append(items, line);
  }
}

namespace {

/// true is the class of that name, in any case; or of the name "1". Never an index: which class comes second is chance.
std::string boolean_item(bool value, const std::vector<std::string>& names) {
  if (const auto found = boolean_class(value, names)) return names[*found];
  const std::string word = value ? "true" : "false", digit = value ? "1" : "0";
  const auto is_word = [&](const std::string& name) { return same_word(name, word); };
  const bool digits =
      std::none_of(names.begin(), names.end(), is_word) && std::find(names.begin(), names.end(), digit) != names.end();
  return digits ? digit : word;
}

/// A scalar of JSON as the text formats write it; a number without a fraction is an integer, unless a name has it so.
std::string json_item(const Json& value, const std::vector<std::string>& names) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return boolean_item(value.get<bool>(), names);
  const std::string text = value.dump();
  if (!value.is_number_float() || std::find(names.begin(), names.end(), text) != names.end()) return text;
  const auto number = value.get<double>();
  if (number != std::floor(number)) return text;
  return std::to_string(static_cast<std::int64_t>(number));
}

/// Whether a list says of every class whether it is there: booleans, or zeros and ones that cannot be indices.
bool is_vector(const Json& list, std::size_t classes) {
  const auto is_bit = [](const Json& item) { return item.is_number() && (item == 0 || item == 1); };
  if (list.size() != classes || list.empty()) return false;
  if (std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_boolean(); })) return true;
  // As indices, zeros and ones can be two at most, and different.
  return std::all_of(list.begin(), list.end(), is_bit) && (classes > 2 || (classes == 2 && list[0] == list[1]));
}

/// Whether a list could be one or the other.
bool is_ambiguous(const Json& list, std::size_t classes) {
  return list.size() == classes && classes <= 2 && !is_vector(list, classes) &&
         std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_number(); });
}

}  // namespace

bool holds_rounded(const Json& value) {
  constexpr double kExact = 9e15;  // whole numbers up to here are what the file says
  const auto is_rounded = [](const Json& item) {
    return item.is_number_float() && std::abs(item.get<double>()) > kExact;
  };
  return is_rounded(value) || (value.is_array() && std::any_of(value.begin(), value.end(), is_rounded));
}

std::string json_indicator(const Json& value) {
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
  const std::vector<std::string>& names = *request.names;
  if (value->is_object() || (value->is_array() && !list)) return false;
  if (request.kind == TaskKind::regression) {
    if (!value->is_number() && !value->is_string()) return false;
    append_cell(labels, request, value->is_string() ? value->get<std::string>() : value->dump(), line);
    return true;
  }
  if (holds_rounded(*value)) return false;
  if (!value->is_array()) {
    append_cell(labels, request, json_item(*value, names), line);
    return true;
  }
  std::vector<std::string> items;
  const bool vector = request.kind == TaskKind::multi_label && is_vector(*value, names.size());
  if (request.kind == TaskKind::multi_label && is_ambiguous(*value, names.size())) return false;
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Json& item = (*value)[i];
    if (item.is_structured() || item.is_null()) return false;
    if (!vector) {
      items.emplace_back(trimmed(json_item(item, names)));
    } else if (item == true || item == 1) {
      items.push_back(names[i]);
    }
  }
  labels.append({items.begin(), items.end()}, line);
  return true;
}

}  // namespace infomtl::data
