#pragma once
// Lines and words of a text file, and where its problems are told.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/data/dataset.h"

namespace infomtl::data {

/// Columns of what a message quotes from a file.
inline constexpr std::size_t kLongestShown = 60;

/// Takes the one-line description of a problem: throws it, or lists it.
using ErrorList = std::function<void(const std::string&)>;
/// A list that throws DataError at its first problem.
ErrorList throwing_errors();

/// The lines of a UTF-8 text: split at LF only; CRs before it or at the end of the text (Python
/// on Windows writes CR CR LF) and a byte order mark at the start are dropped.
/// @throws DataError "file:line:byte" for the first of several NUL bytes in a row, else for the first that is not UTF-8; for
/// UTF-16, and for a text with CR and no LF
std::vector<std::string_view> split_lines(std::string_view content, const std::string& file);

/// Maximal runs of bytes other than blank and tab.
std::vector<WordRange> blank_separated(std::string_view text);
/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);
/// The stretches of a text that the ranges name.
std::vector<std::string_view> pieces_of(std::string_view text, const std::vector<WordRange>& ranges);
/// "file:line: ", as every problem begins.
std::string line_of(const std::string& file, std::int32_t line);

/// A file of rows, which are its lines, or the elements of a list in a JSON file.
struct RowFile {
  std::string name;
  std::optional<std::string> list = {};  ///< JSON pointer of that list, "" of the whole file; none: lines

  /// Where the row of this number, counted from 1, stands: "file:3: ", "file#/2: ".
  std::string place(std::int32_t row) const;
};

}  // namespace infomtl::data
