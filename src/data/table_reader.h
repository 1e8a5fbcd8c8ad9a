#pragma once
// Rows of TSV (a tab always separates, quotes are ordinary characters) and CSV (RFC 4180) by column name or index.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/text_lines.h"

namespace infomtl::data {

class TableReader {
 public:
  /// @param wanted  columns by name, or by 0-based index; a header line is there if `header` says so or, where it says
  ///                nothing, if any of them is not a number
  /// @throws DataError: not UTF-8, unknown column
  TableReader(std::string_view content, std::string file, bool csv, std::optional<bool> header,
              const std::vector<std::string>& wanted, ErrorList problem);

  /// Moves to the next well-formed row; broken ones are reported. False at the end.
  bool next();
  /// The wanted-th column of the row, valid until next().
  std::string_view cell(std::size_t wanted) const { return fields_[columns_[wanted]]; }
  /// Rows without anything in them, so far: empty lines, and rows of empty cells.
  std::int64_t blank_rows() const { return blank_rows_; }
  std::int32_t line() const { return row_line_; }

 private:
  bool blank() const;
  bool read_fields();
  void read_tsv_fields();
  void read_csv_fields();
  void resolve(const std::vector<std::string>& wanted, bool header);

  std::string file_;
  bool csv_;
  ErrorList problem_;
  std::vector<std::string_view> lines_;
  std::size_t next_line_ = 0;
  std::int32_t row_line_ = 0;
  std::string broken_;  ///< what is wrong with the row just read, "" when nothing is
  std::vector<std::string> fields_;
  std::vector<std::size_t> columns_;
  std::size_t width_ = 0;
  std::int64_t blank_rows_ = 0;
};

}  // namespace infomtl::data
