#pragma once
// UTF-8: what every text that comes in must be, and how wide it stands on a terminal.
//
//   if (std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) throw DataError("...");

#include <cstddef>
#include <string>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

/// Byte offset of the first byte that is not part of well-formed UTF-8, or std::string_view::npos.
INFOMTL_API std::size_t find_invalid_utf8(std::string_view text);

/// Byte offset of the first of several NUL bytes in a row, which a damaged file has in place of its text, or npos. One alone
/// may be a character of a text, as Python's csv reads it.
INFOMTL_API std::size_t find_nul_bytes(std::string_view text);

/// "3:14", the line and the byte in it of a byte offset, both counted from one. @param first_line  of the text
INFOMTL_API std::string line_and_byte(std::string_view text, std::size_t offset, std::size_t first_line = 1);

/// The text with U+FFFD for what no reader of a page or a terminal may meet as it is: bytes that are not UTF-8, control
/// characters (line ends, tabs and escapes too) and marks that turn the direction of the text around them.
INFOMTL_API std::string printable(std::string_view text);

/// The text on one line, as every message stands: line ends and tabs as blanks, the rest printable().
INFOMTL_API std::string on_one_line(std::string_view text);

/// Columns of a terminal that a well-formed text takes: 0 for combining marks, 2 for East Asian wide signs and emoji.
INFOMTL_API std::size_t display_width(std::string_view text);

/// The text if it is at most `columns` wide, else its beginning and "…".
INFOMTL_API std::string shortened_to(std::string_view text, std::size_t columns);

/// The text, made printable(), in lines of at most `columns`, each ended, broken at blanks; a longer word is shortened.
INFOMTL_API std::string wrapped(std::string_view text, std::size_t columns);

}  // namespace infomtl
