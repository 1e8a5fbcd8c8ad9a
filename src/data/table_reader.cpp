#include "data/table_reader.h"

#include <algorithm>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl::data {
namespace {

bool is_index(const std::string& column) {
  return !column.empty() && column.size() < 6 &&
         std::all_of(column.begin(), column.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

TableReader::TableReader(std::string_view content, std::string file, TableStyle style, std::optional<bool> header,
                         const std::vector<std::string>& wanted, ErrorList problem)
    : file_(std::move(file)), style_(style), problem_(std::move(problem)), lines_(split_lines(content, file_)) {
  resolve(wanted, header.value_or(!std::all_of(wanted.begin(), wanted.end(), is_index)));
}

void TableReader::resolve(const std::vector<std::string>& wanted, bool header) {
  // The line that tells Excel how the table is separated.
  if (!lines_.empty() && lines_[0].size() == 5 && lines_[0].starts_with("sep=")) {
    if (lines_[0][4] != style_.delimiter) {
      throw DataError(file_ + ":1: says \"" + std::string(lines_[0]) + "\", but \"" + style_.delimiter +
                      "\" separates here; set \"delimiter\" in the source");
    }
    next_line_ = 1;
  }
  if (header) {
    do {
      if (!read_fields()) throw DataError(file_ + ": empty, but a header line is expected");
      blank_rows_ += blank() ? 1 : 0;
    } while (blank());
    if (!broken_.empty()) throw DataError(file_ + ":" + std::to_string(row_line_) + ": " + broken_);
    width_ = fields_.size();
  }
  for (const std::string& column : wanted) {
    const auto found = header ? std::find(fields_.begin(), fields_.end(), column) : fields_.end();
    if (header && std::count(fields_.begin(), fields_.end(), column) > 1) {
      throw DataError(file_ + ":" + std::to_string(row_line_) + ": two columns are named \"" + column + "\"");
    }
    if (found != fields_.end()) {
      columns_.push_back(static_cast<std::size_t>(found - fields_.begin()));
    } else if (is_index(column)) {
      columns_.push_back(std::stoul(column));
    } else {
      throw DataError(file_ + ":1: no column \"" + column + "\"" + other_delimiter() + did_you_mean(column, fields_));
    }
  }
}

bool TableReader::next() {
  while (read_fields()) {
    if (broken_.empty()) {
      if (blank()) {
        ++blank_rows_;
        continue;
      }
      if (width_ == 0) width_ = fields_.size();
      const std::size_t last = *std::max_element(columns_.begin(), columns_.end());
      if (fields_.size() != width_) {
        broken_ = std::to_string(fields_.size()) + " columns where the first line has " + std::to_string(width_);
      } else if (last >= width_) {
        throw DataError(file_ + ":" + std::to_string(row_line_) + ": no column " + std::to_string(last) +
                        ", there are " + std::to_string(width_) + " (counted from 0)");
      } else {
        count_quoted();
        return true;
      }
    }
    problem_(file_ + ":" + std::to_string(row_line_) + ": " + broken_);
  }
  return false;
}

void TableReader::count_quoted() {
  if (style_.quotes) return;
  for (const std::size_t column : columns_) {
    const std::string& cell = fields_[column];
    const bool quoted = cell.size() > 1 && cell.starts_with('"') && cell.ends_with('"');
    ++(quoted ? in_quotes_ : bare_cells_);
    quoted_cells_ += quoted && cell.size() > 3 && cell.find("\"\"", 1) < cell.size() - 1 ? 1 : 0;
  }
}

/// A header of one field that another delimiter would cut.
std::string TableReader::other_delimiter() const {
  if (fields_.size() != 1) return "";
  for (const auto& [delimiter, written] :
       {std::pair(';', ";"), std::pair('\t', "\\t"), std::pair(',', ","), std::pair('|', "|")}) {
    if (fields_[0].find(delimiter) == std::string::npos) continue;
    return std::string("; is \"") + written + "\" what separates them? Then set \"delimiter\" in the source";
  }
  return "";
}

/// An empty line, or a row of empty cells as spreadsheets leave them; a table of one column has no blank rows.
bool TableReader::blank() const {
  const bool empty =
      std::all_of(fields_.begin(), fields_.end(), [](const std::string& f) { return trimmed(f).empty(); });
  return empty && (width_ != 1 || columns_.size() > 1);
}

bool TableReader::read_fields() {
  if (next_line_ >= lines_.size()) return false;
  broken_.clear();
  fields_.clear();
  row_line_ = static_cast<std::int32_t>(next_line_ + 1);
  if (style_.quotes) {
    read_quoted_fields();
  } else {
    read_plain_fields();
  }
  return true;
}

void TableReader::read_plain_fields() {
  const std::string_view line = lines_[next_line_++];
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(style_.delimiter, begin), line.size());
    fields_.emplace_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
}

void TableReader::read_quoted_fields() {
  std::string_view line = lines_[next_line_++];
  std::size_t i = 0;
  for (;;) {
    std::string field;
    if (i < line.size() && line[i] == '"') {
      ++i;
      for (;;) {
        if (i < line.size()) {
          if (line[i] != '"') {
            field += line[i++];
          } else if (i + 1 < line.size() && line[i + 1] == '"') {
            field += '"';
            i += 2;
          } else {
            ++i;
            break;
          }
        } else if (next_line_ < lines_.size()) {
          field += '\n';
          line = lines_[next_line_++];
          i = 0;
        } else {
          broken_ = "a quoted field that begins here is never closed";
          return;
        }
      }
      if (i < line.size() && line[i] != style_.delimiter) broken_ = "text after the closing quote of a field";
    }
    const std::size_t end = std::min(line.find(style_.delimiter, i), line.size());
    const std::string_view rest = line.substr(i, end - i);
    if (rest.find('"') != std::string_view::npos && broken_.empty()) {
      broken_ = "a quote inside an unquoted field; quote the whole field and double the quote";
    }
    field += rest;
    fields_.push_back(std::move(field));
    if (end == line.size()) return;
    i = end + 1;
  }
}

}  // namespace infomtl::data
