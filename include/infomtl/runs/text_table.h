#pragma once
// A table of text for the terminal: columns as wide as their widest cell, words to the left, numbers to the right.
//
//   TextTable table({"task", "score"}, 1);
//   table.add({"hate", score_text(0.4912, true)});
//   std::puts(table.text().c_str());

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

class INFOMTL_API TextTable {
 public:
  /// The first `words` columns hold words, the others numbers.
  TextTable(std::vector<std::string> head, std::size_t words) : words_(words) { rows_.push_back(std::move(head)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// A line of dashes before the next row.
  void rule() { rules_.push_back(rows_.size()); }
  /// Cells are UTF-8 without line ends; what is wide or combines counts as it stands on a terminal.
  /// @param columns  a wider table comes in blocks of as many columns as fit, each with the first column before it
  std::string text(std::size_t columns = std::string::npos) const;

 private:
  std::string block(const std::vector<std::size_t>& widths, std::size_t begin, std::size_t end) const;

  std::size_t words_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> rules_;
};

/// One line of comma-separated values; what holds commas, quotes or line ends is quoted (RFC 4180).
INFOMTL_API std::string csv_line(const std::vector<std::string>& fields);

/// Digits after the point, 0 to 9, that show the largest of some numbers with three; `otherwise` where none is finite and not 0.
INFOMTL_API int digits_for(const std::vector<std::vector<double>>& numbers, int otherwise);
/// The largest size of the finite ones among some numbers, 0 without any.
INFOMTL_API double largest_size(const std::vector<std::vector<double>>& numbers);

/// A number with so many digits after the point, from 1e15 on as "1.23e+17"; "-" for NaN.
INFOMTL_API std::string fixed(double value, int digits);
/// A score as tables show it: in percent with two digits when higher is better, as it is with four otherwise.
INFOMTL_API std::string score_text(double score, bool higher_is_better);

}  // namespace infomtl
