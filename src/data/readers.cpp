#include "data/readers.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "data/table_reader.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/utf8.h"

namespace infomtl::data {
namespace {

class RowBuilder {
 public:
  RowBuilder(const Source& source, const std::vector<LabelRequest>& requests, bool words)
      : file_(source.file.string()), requests_(requests), words_(words) {
    rows_.labels.resize(requests.size());
    for (std::size_t r = 0; r < requests.size(); ++r) {
      const auto& label_file = requests[r].source->label_file;
      rows_.labels[r].file = (label_file.empty() ? source.file : label_file).string();
    }
  }

  void text(std::string_view text, const std::string_view* pair, std::int32_t line) {
    check_size(text.size(), line);
    if (pair != nullptr) check_size(pair->size(), line);
    rows_.texts.append(text, pair, words_ ? blank_separated(text) : std::vector<WordRange>());
    rows_.lines.push_back(line);
  }
  void words(const std::vector<std::string_view>& words, std::int32_t line) {
    std::string joined;
    std::vector<WordRange> ranges;
    for (const std::string_view word : words) {
      if (!joined.empty()) joined += ' ';
      const auto begin = static_cast<std::int32_t>(joined.size());
      joined += word;
      ranges.push_back({begin, static_cast<std::int32_t>(joined.size())});
    }
    check_size(joined.size(), line);
    rows_.texts.append(joined, nullptr, ranges);
    rows_.lines.push_back(line);
  }
  /// Rows that hold nothing.
  void blank_rows(std::int64_t count) { blank_rows_ += count; }
  RawLabels& labels(std::size_t request) { return rows_.labels[request]; }
  std::size_t requests() const { return requests_.size(); }
  const LabelRequest& request(std::size_t r) const { return requests_[r]; }
  SourceRows take() {
    if (blank_rows_ > 0) {
      log::warning(file_ + ": " + std::to_string(blank_rows_) +
                   (blank_rows_ == 1 ? " blank row is left out" : " blank rows are left out"));
    }
    return std::move(rows_);
  }

 private:
  void check_size(std::size_t bytes, std::int32_t line) const {
    if (bytes <= kLongestText) return;
    throw DataError(line_of(file_, line) + "a text of " + std::to_string(bytes) + " bytes; " +
                    std::to_string(kLongestText) + " are the most (is all of a file one line?)");
  }

  std::string file_;
  const std::vector<LabelRequest>& requests_;
  bool words_;
  std::int64_t blank_rows_ = 0;
  SourceRows rows_;
};

void read_lines(const Source& source, std::string_view content, std::string_view pair_content,
                const std::vector<std::string>& label_contents, RowBuilder& rows) {
  const std::string file = source.file.string();
  const auto lines = split_lines(content, file);
  const auto same_count = [&](std::size_t count, const std::string& other) {
    if (count != lines.size()) {
      throw DataError(other + ": " + std::to_string(count) + " lines, but " + file + " has " +
                      std::to_string(lines.size()) + "; row i of one belongs to row i of the other");
    }
  };
  std::vector<std::string_view> pairs;
  if (!source.pair_file.empty()) {
    pairs = split_lines(pair_content, source.pair_file.string());
    same_count(pairs.size(), source.pair_file.string());
  }
  std::vector<std::vector<std::string_view>> labels;
  for (std::size_t r = 0; r < rows.requests(); ++r) {
    labels.push_back(split_lines(label_contents[r], rows.labels(r).file));
    same_count(labels.back().size(), rows.labels(r).file);
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto blank = [&](const std::vector<std::string_view>& column) { return trimmed(column[i]).empty(); };
    if (blank(lines) && (pairs.empty() || blank(pairs)) && std::all_of(labels.begin(), labels.end(), blank)) {
      rows.blank_rows(1);
      continue;
    }
    const auto line = static_cast<std::int32_t>(i + 1);
    rows.text(lines[i], pairs.empty() ? nullptr : &pairs[i], line);
    for (std::size_t r = 0; r < labels.size(); ++r) append_cell(rows.labels(r), rows.request(r), labels[r][i], line);
  }
}

void read_label_text(const Source& source, std::string_view content, RowBuilder& rows, const ErrorList& problem) {
  const std::string file = source.file.string();
  std::int32_t line = 0;
  for (const std::string_view text : split_lines(content, file)) {
    ++line;
    if (trimmed(text).empty()) {
      rows.blank_rows(1);
      continue;
    }
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos || blank == 0) {
      problem(line_of(file, line) + "no \"LABEL text\" here (a label, one blank, the text)");
      continue;
    }
    rows.text(text.substr(blank + 1), nullptr, line);
    for (std::size_t r = 0; r < rows.requests(); ++r) {
      append_cell(rows.labels(r), rows.request(r), text.substr(0, blank), line);
    }
  }
}

void read_table(const Source& source, std::string_view content, RowBuilder& rows, const ErrorList& problem) {
  const std::string file = source.file.string();
  std::vector<std::string> wanted = {source.text_column};
  if (source.paired()) wanted.push_back(source.pair_column);
  for (std::size_t r = 0; r < rows.requests(); ++r) {
    const auto& columns = rows.request(r).source->label_columns;
    wanted.insert(wanted.end(), columns.begin(), columns.end());
  }
  TableReader table(content, file, source.style(), source.header, wanted, problem);
  while (table.next()) {
    const auto line = table.line();
    const std::string_view pair = source.paired() ? table.cell(1) : std::string_view();
    rows.text(table.cell(0), source.paired() ? &pair : nullptr, line);
    std::size_t column = source.paired() ? 2 : 1;
    for (std::size_t r = 0; r < rows.requests(); ++r) {
      const std::size_t width = rows.request(r).source->label_columns.size();
      if (width == 1) {
        append_cell(rows.labels(r), rows.request(r), table.cell(column), line);
      } else {
        std::vector<std::string_view> cells;
        for (std::size_t c = 0; c < width; ++c) cells.push_back(table.cell(column + c));
        append_indicators(rows.labels(r), rows.request(r), cells, line, problem);
      }
      column += width;
    }
  }
  rows.blank_rows(table.blank_rows());
  if (table.quoted_cells() > 0) {
    log::warning(
        file + ": " + std::to_string(table.quoted_cells()) +
        " cells stand in quotes with doubled quotes inside; they are read as they stand, unless the source says "
        "\"quotes\": true");
  }
}

const Json* json_field(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

/// The list of a file that is one, or one object that holds it under its only key; none for any other file.
std::optional<Json> json_list(std::string_view content, const std::string& file) {
  const std::size_t begin = content.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || (content[begin] != '[' && content[begin] != '{')) return std::nullopt;
  Json whole;
  try {
    whole = parse_json(content);
  } catch (const FormatError& error) {
    if (content[begin] != '[') return std::nullopt;  // an object on every line
    const std::string what = error.what();
    throw DataError(file + ": begins like a list of objects" + (what.starts_with("not JSON") ? ", but is " : ": ") +
                    what);
  }
  if (whole.is_array()) return whole;
  const auto of_objects = [](const Json& list) {
    return list.is_array() && !list.empty() &&
           std::all_of(list.begin(), list.end(), [](const Json& element) { return element.is_object(); });
  };
  if (whole.is_object() && whole.size() == 1 && of_objects(*whole.begin())) return *whole.begin();
  return std::nullopt;
}

/// Hands over the objects of a JSON file, each with the line it stands on; of a list the number of the element, from 1.
void for_each_json_row(std::string_view content, const std::string& file, RowBuilder& rows, const ErrorList& problem,
                       const std::function<void(const Json&, std::int32_t)>& body) {
  std::int32_t number = 0;
  const auto take = [&](const Json& row) {
    if (row.is_object()) return body(row, number);
    problem(line_of(file, number) + "a JSON object is needed for every row");
  };
  const auto lines = split_lines(content, file);
  const std::size_t mark = content.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  if (const std::optional<Json> list = json_list(content.substr(mark), file)) {
    for (const Json& element : *list) {
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
      row = parse_json(text);
    } catch (const FormatError& error) {
      problem(line_of(file, number) + error.what());
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
  if (value.is_array() && kind == TaskKind::multi_label && !value.empty() && value[0].is_number()) {
    return "; with so few classes it may be indices or say of each class whether it is there; write names";
  }
  return "";
}

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
      problem(line_of(file, line) + no_text(source.text_column, first));
      return;
    }
    if (source.paired() && (second == nullptr || !second->is_string())) {
      problem(line_of(file, line) + no_text(source.pair_column, second));
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
          problem(line_of(file, line) + "\"" + columns[0] + "\" is not a label: " + quoted(*value) +
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

void read_conll(const Source& source, std::string_view content, RowBuilder& rows, const ErrorList& problem) {
  const std::string file = source.file.string();
  const auto column_index = [](const std::string& text, std::size_t fallback) {
    std::size_t index = fallback;
    std::from_chars(text.data(), text.data() + text.size(), index);
    return index;
  };
  constexpr std::size_t kLast = static_cast<std::size_t>(-1);
  const std::size_t text_column = column_index(source.text_column, 0);
  std::vector<std::size_t> label_columns;
  for (std::size_t r = 0; r < rows.requests(); ++r) {
    const auto& columns = rows.request(r).source->label_columns;
    label_columns.push_back(columns.empty() ? kLast : column_index(columns[0], kLast));
  }
  std::vector<std::string_view> words;
  std::vector<std::vector<std::string_view>> tags(rows.requests());
  std::int32_t line = 0;
  std::int32_t first_line = 0;
  bool good = true;
  const auto finish_sentence = [&] {
    if (!words.empty() && good) {
      rows.words(words, first_line);
      for (std::size_t r = 0; r < tags.size(); ++r) rows.labels(r).append(tags[r], first_line);
    }
    words.clear();
    for (auto& list : tags) list.clear();
    good = true;
  };
  for (const std::string_view text : split_lines(content, file)) {
    ++line;
    if (trimmed(text).empty()) {
      finish_sentence();
      continue;
    }
    std::vector<std::string_view> cells;
    if (text.find('\t') == std::string_view::npos) {
      cells = pieces_of(text, blank_separated(text));
    } else {
      for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\t', begin), text.size());
        cells.push_back(text.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    if (cells[0] == "-DOCSTART-") {
      finish_sentence();
      continue;
    }
    if (words.empty()) first_line = line;
    std::size_t needed = std::max<std::size_t>(text_column + 1, 2);
    for (const std::size_t column : label_columns) needed = std::max(needed, column == kLast ? 2 : column + 1);
    if (cells.size() < needed) {
      problem(line_of(file, line) + std::to_string(cells.size()) + " column(s) where " + std::to_string(needed) +
              " are needed");
      good = false;
      words.emplace_back("?");
      continue;
    }
    bool empty = trimmed(cells[text_column]).empty();
    words.push_back(cells[text_column]);
    for (std::size_t r = 0; r < tags.size(); ++r) {
      tags[r].push_back(trimmed(label_columns[r] == kLast ? cells.back() : cells[label_columns[r]]));
      empty = empty || tags[r].back().empty();
    }
    if (empty) {
      problem(line_of(file, line) + "a word and its tag are needed, one of them is empty");
      good = false;
    }
  }
  finish_sentence();
}

}  // namespace

SourceRows read_rows(const Source& source, std::string_view content, std::string_view pair_content,
                     const std::vector<LabelRequest>& requests, const std::vector<std::string>& label_contents,
                     bool words, const ErrorList& problem) {
  RowBuilder rows(source, requests, words);
  switch (source.format) {
    case SourceFormat::lines:
      read_lines(source, content, pair_content, label_contents, rows);
      break;
    case SourceFormat::label_text:
      read_label_text(source, content, rows, problem);
      break;
    case SourceFormat::tsv:
    case SourceFormat::csv:
      read_table(source, content, rows, problem);
      break;
    case SourceFormat::jsonl:
      read_jsonl(source, content, rows, problem);
      break;
    case SourceFormat::conll:
      read_conll(source, content, rows, problem);
      break;
  }
  return rows.take();
}

}  // namespace infomtl::data
