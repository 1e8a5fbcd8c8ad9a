#include "data/json_reader.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/json_pointer.h"
#include "infomtl/core/utf8.h"

namespace infomtl::data {
namespace {

const Json* json_field(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

/// A list of rows in a JSON file.
struct JsonList {
  std::string pointer;
  Json rows;
};

/// The list of a file that is one, or one object that holds it under its only key; none for any other file.
std::optional<JsonList> json_list(std::string_view content, const std::string& file) {
  const std::size_t begin = content.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || (content[begin] != '[' && content[begin] != '{')) return std::nullopt;
  Json whole;
  try {
    whole = parse_json(content, file);
  } catch (const FormatError& error) {
    if (content[begin] != '[') return std::nullopt;  // an object on every line
    throw DataError(std::string(error.what()) + "; the file begins like a list of objects");
  }
  if (whole.is_array()) return JsonList{"", std::move(whole)};
  const auto of_objects = [](const Json& list) {
    return list.is_array() && !list.empty() &&
           std::all_of(list.begin(), list.end(), [](const Json& element) { return element.is_object(); });
  };
  if (whole.is_object() && whole.size() == 1 && of_objects(*whole.begin())) {
    return JsonList{pointer_below("", whole.begin().key()), std::move(*whole.begin())};
  }
  return std::nullopt;
}

/// Hands over the objects of a JSON file, each with the line it stands on; of a list its number, from 1.
void for_each_json_row(std::string_view content, const std::string& file, RowBuilder& rows, const ErrorList& problem,
                       const std::function<void(const Json&, std::int32_t)>& body) {
  std::int32_t number = 0;
  const auto take = [&](const Json& row) {
    if (row.is_object()) return body(row, number);
    problem(rows.place(number) + "a JSON object is needed for every row");
  };
  const auto lines = split_lines(content, file);
  const std::size_t mark = content.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  if (const std::optional<JsonList> list = json_list(content.substr(mark), file)) {
    rows.of_list(list->pointer);
    for (const Json& element : list->rows) {
      ++number;
      take(element);
    }
    return;
  }
  for (const std::string_view text : lines) {
    ++number;
    if (trimmed(text).empty()) {
      rows.blank_rows(1);
      continue;
    }
    Json row;
    try {
      row = parse_json(text, file, static_cast<std::size_t>(number));
    } catch (const FormatError& error) {
      problem(error.what());
      continue;
    }
    take(row);
  }
}

/// A value as an error quotes it.
std::string quoted(const Json& value) { return shortened_to(printable(value.dump()), kLongestShown); }

/// What is wrong with a value that should be a text.
std::string no_text(const std::string& key, const Json* value) {
  const bool column = value != nullptr && value->is_object();
  return "\"" + key + "\" must be there and be text" +
         (column ? "; it is an object (pandas writes one object a row with orient=\"records\")" : "");
}

/// What a value of that shape would be for, or which two things it could say.
std::string shape_hint(TaskKind kind, const Json& value) {
  if (value.is_array() && (kind == TaskKind::classification || kind == TaskKind::regression)) {
    return "; a list is for tasks of type multi_label or tagging";
  }
  if (holds_rounded(value)) return "; a whole number beyond 64 bits is not exact in JSON; write it in quotes";
  if (value.is_array() && kind == TaskKind::multi_label && !value.empty() && value[0].is_number()) {
    return "; with so few classes it may be indices or say of each class whether it is there; write names";
  }
  return "";
}

}  // namespace

void read_jsonl(const Source& source, std::string_view content, RowBuilder& rows, const ErrorList& problem) {
  const std::string file = source.file.string();
  for_each_json_row(content, file, rows, problem, [&](const Json& object, std::int32_t line) {
    const Json* first = json_field(object, source.text_column);
    const Json* second = source.paired() ? json_field(object, source.pair_column) : nullptr;
    const auto is_words = [&](const Json& value) {
      return value.is_array() && !source.paired() &&
             std::all_of(value.begin(), value.end(), [](const Json& word) { return word.is_string(); });
    };
    if (first == nullptr || !(first->is_string() || is_words(*first))) {
      problem(rows.place(line) + no_text(source.text_column, first));
      return;
    }
    if (source.paired() && (second == nullptr || !second->is_string())) {
      problem(rows.place(line) + no_text(source.pair_column, second));
      return;
    }
    if (first->is_array()) {
      std::vector<std::string_view> words;
      for (const Json& word : *first) words.emplace_back(word.get_ref<const std::string&>());
      rows.words(words, line);
    } else {
      const std::string_view pair = second == nullptr ? std::string_view() : second->get_ref<const std::string&>();
      rows.text(first->get_ref<const std::string&>(), second == nullptr ? nullptr : &pair, line);
    }
    for (std::size_t r = 0; r < rows.requests(); ++r) {
      const LabelRequest& request = rows.request(r);
      const auto& columns = request.source->label_columns;
      if (columns.size() == 1) {
        const Json* value = json_field(object, columns[0]);
        if (!append_json(rows.labels(r), request, value, line)) {
          problem(rows.place(line) + "\"" + columns[0] + "\" is not a label: " + quoted(*value) +
                  shape_hint(request.kind, *value));
          rows.labels(r).append_refused(line);
        }
        continue;
      }
      std::vector<std::string> cells;
      for (const std::string& column : columns) {
        const Json* value = json_field(object, column);
        cells.push_back(value == nullptr || value->is_null() ? "" : json_indicator(*value));
      }
      append_indicators(rows.labels(r), request, {cells.begin(), cells.end()}, line, problem);
    }
  });
}

}  // namespace infomtl::data
