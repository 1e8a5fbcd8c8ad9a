#include "data/text_lines.h"

#include "infomtl/core/errors.h"
#include "infomtl/core/utf8.h"

namespace infomtl::data {

ErrorList throwing_errors() {
  return [](const std::string& message) { throw DataError(message); };
}

std::vector<std::string_view> split_lines(std::string_view content, const std::string& file) {
  // Without a byte order mark it shows by its every other byte.
  const auto zero = [&](std::size_t i) { return content[i] == '\0'; };
  const bool unmarked = content.size() > 3 && zero(0) != zero(1) && zero(0) == zero(2) && zero(1) == zero(3);
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF") || unmarked) {
    throw DataError(file + ": is UTF-16 (\"Unicode text\" of a spreadsheet); save it as UTF-8");
  }
  const auto place_of = [&](std::size_t byte) { return file + ":" + line_and_byte(content, byte) + ": "; };
  if (const std::size_t nul = find_nul_bytes(content); nul != std::string_view::npos) {
    throw DataError(place_of(nul) + "NUL bytes; the file is damaged, or no text");
  }
  if (const std::size_t bad = find_invalid_utf8(content); bad != std::string_view::npos) {
    constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(content[bad]);
    throw DataError(place_of(bad) + "not UTF-8 (byte 0x" + kHex[byte >> 4] + kHex[byte & 15] +
                    "); convert the file first");
  }
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  if (content.find('\n') == std::string_view::npos && content.find('\r') < content.size() - 1) {
    throw DataError(file + ": its lines end in CR alone; save it with LF or CR LF");
  }
  std::vector<std::string_view> lines;
  while (!content.empty()) {
    const std::size_t end = content.find('\n');
    std::string_view line = content.substr(0, end);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    while (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  return lines;
}

std::vector<WordRange> blank_separated(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  std::vector<WordRange> words;
  std::size_t i = 0;
  while (i < text.size()) {
    if (blank(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && !blank(text[i])) ++i;
    words.push_back({static_cast<std::int32_t>(begin), static_cast<std::int32_t>(i)});
  }
  return words;
}

std::string line_of(const std::string& file, std::int32_t line) { return file + ":" + std::to_string(line) + ": "; }

std::string RowFile::place(std::int32_t row) const {
  return list ? name + "#" + *list + "/" + std::to_string(row - 1) + ": " : line_of(name, row);
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string_view> pieces_of(std::string_view text, const std::vector<WordRange>& ranges) {
  std::vector<std::string_view> pieces;
  pieces.reserve(ranges.size());
  for (const WordRange& range : ranges) {
    pieces.push_back(
        text.substr(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.end - range.begin)));
  }
  return pieces;
}

}  // namespace infomtl::data
