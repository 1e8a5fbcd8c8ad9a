#pragma once
// Rows of tables by column name or index: CSV (RFC 4180), or TSV, where a tab always separates and quotes are ordinary
// characters.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/text_lines.h"

namespace infomtl::data {

/// How a table is written.
struct TableStyle {
  char delimiter = ',';
  bool quotes = true;  ///< fields may be quoted, as in RFC 4180
};

class TableReader {
 public:
  /// @param wanted  columns by name, or by 0-based index; a header line is there if `header` says so or, where it says
  ///                nothing, if any of them is not a number
  /// @throws DataError: not UTF-8, unknown column
  TableReader(std::string_view content, std::string file, TableStyle style, std::optional<bool> header,
              const std::vector<std::string>& wanted, ErrorList problem);

  /// Moves to the next well-formed row; broken ones are reported. False at the end.
  bool next();
  /// The wanted-th column of the row, valid until next().
  std::string_view cell(std::size_t wanted) const { return fields_[columns_[wanted]]; }
  /// Rows without anything in them, so far: empty lines, and rows of empty cells.
  std::int64_t blank_rows() const { return blank_rows_; }
  /// Cells of the wanted columns that look quoted, with doubled quotes inside, where quotes are ordinary characters.
  std::int64_t quoted_cells() const { return quoted_cells_; }
  /// Whether every wanted cell so far stands in quotes, where quotes are ordinary characters.
  bool all_quoted() const { return bare_cells_ == 0 && in_quotes_ > 0; }
  std::int32_t line() const { return row_line_; }

 private:
  bool blank() const;
  bool read_fields();
  void read_plain_fields();
  void read_quoted_fields();
  void count_quoted();
  std::string other_delimiter() const;
  void resolve(const std::vector<std::string>& wanted, bool header);

  std::string file_;
  TableStyle style_;
  ErrorList problem_;
  std::vector<std::string_view> lines_;
  std::size_t next_line_ = 0;
  std::int32_t row_line_ = 0;
  std::string broken_;  ///< what is wrong with the row just read, "" when nothing is
  std::vector<std::string> fields_;
  std::vector<std::size_t> columns_;
  std::size_t width_ = 0;
  std::int64_t blank_rows_ = 0, quoted_cells_ = 0, in_quotes_ = 0, bare_cells_ = 0;
};

}  // namespace infomtl::data
