#include "data/readers.h"

#include <algorithm>
#include <charconv>

#include "data/json_reader.h"
#include "data/row_builder.h"
#include "data/table_reader.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"

namespace infomtl::data {
namespace {

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
    labels.push_back(split_lines(label_contents[r], rows.labels(r).file.name));
    same_count(labels.back().size(), rows.labels(r).file.name);
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
  } else if (table.all_quoted()) {
    log::warning(file +
                 ": every cell stands in quotes; they are read as they stand, quotes and all, unless the source says "
                 "\"quotes\": true");
  }
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
  std::size_t width = 0;  // columns of the first word's line
  bool commented = false;
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
    if (width == 0) width = cells.size();
    commented = commented || cells[0] == "#";
    if (cells.size() != width) {
      problem(line_of(file, line) + std::to_string(cells.size()) + " columns where the first line has " +
              std::to_string(width) + (commented ? "; comments are no part of this format, take them out" : ""));
      good = false;
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
