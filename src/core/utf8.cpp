#include "infomtl/core/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace infomtl {

std::size_t find_invalid_utf8(std::string_view text) {
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  std::size_t at = 0;
  while (at < text.size()) {
    if (at + 8 <= text.size()) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        at += 8;
        continue;
      }
    }
    // Table 3-7 of the Unicode standard: the second byte's range keeps out overlong forms, surrogates and > U+10FFFF.
    const unsigned first = byte(at);
    std::size_t length = 0;
    unsigned low = 0x80, high = 0xBF;
    if (first < 0x80) {
      length = 1;
    } else if (first >= 0xC2 && first <= 0xDF) {
      length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
      length = 3;
      if (first == 0xE0) low = 0xA0;
      if (first == 0xED) high = 0x9F;
    } else if (first >= 0xF0 && first <= 0xF4) {
      length = 4;
      if (first == 0xF0) low = 0x90;
      if (first == 0xF4) high = 0x8F;
    } else {
      return at;
    }
    if (length > 1 && (byte(at + 1) < low || byte(at + 1) > high)) return at;
    for (std::size_t i = 2; i < length; ++i) {
      if (byte(at + i) < 0x80 || byte(at + i) > 0xBF) return at;
    }
    at += length;
  }
  return std::string_view::npos;
}

namespace {

/// The code point at the start of a well-formed text, and how many bytes it takes.
struct CodePoint {
  std::uint32_t value;
  std::size_t bytes;
};

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = std::min<std::size_t>(text.size(), first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2);
  std::uint32_t value = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) value = (value << 6) | (byte(i) & 0x3FU);
  return {value, bytes};
}

struct Span {
  std::uint32_t from, to;
};

template <std::size_t N>
bool within(std::uint32_t point, const Span (&spans)[N]) {
  for (const Span& span : spans) {
    if (point >= span.from && point <= span.to) return true;
  }
  return false;
}

// Controls (C0, DEL, C1), line and paragraph separators, marks, embeddings, overrides and isolates of direction.
constexpr Span kUnprintable[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0x61C, 0x61C},
                                 {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};
// Combining marks, joiners and variation selectors of the scripts that names are written in.
constexpr Span kZeroWide[] = {{0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},    {0x610, 0x61A},   {0x64B, 0x65F},
                              {0x900, 0x902},   {0x93C, 0x93C},   {0x941, 0x948},    {0x94D, 0x94D},   {0xE31, 0xE31},
                              {0xE34, 0xE3A},   {0x1AB0, 0x1AFF}, {0x200B, 0x200D},  {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
                              {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0x1F3FB, 0x1F3FF}};
// East Asian Width W and F (Unicode Annex 11), emoji included.
constexpr Span kTwoWide[] = {{0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
                             {0x267F, 0x267F},   {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x2728, 0x2728},
                             {0x274C, 0x274C},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},
                             {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                             {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CFF}, {0x1B000, 0x1B2FF}, {0x1F004, 0x1F004},
                             {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F19A}, {0x1F200, 0x1F64F}, {0x1F680, 0x1F6FF},
                             {0x1F7E0, 0x1F7EB}, {0x1F90C, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};

std::size_t width_of(std::uint32_t point) {
  if (within(point, kZeroWide)) return 0;
  return within(point, kTwoWide) ? 2 : 1;
}

}  // namespace

std::size_t find_nul_bytes(std::string_view text) { return text.find(std::string_view("\0\0", 2)); }

std::string line_and_byte(std::string_view text, std::size_t offset, std::size_t first_line) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t newline = before.rfind('\n');
  const std::size_t byte = newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
  const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  return std::to_string(first_line + lines) + ":" + std::to_string(byte);
}

std::string printable(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string out;
  while (!text.empty()) {
    const std::size_t bad = find_invalid_utf8(text);
    for (std::string_view good = text.substr(0, bad); !good.empty();) {
      const CodePoint point = first_code_point(good);
      out += within(point.value, kUnprintable) ? kReplacement : good.substr(0, point.bytes);
      good.remove_prefix(point.bytes);
    }
    if (bad == std::string_view::npos) break;
    out += kReplacement;
    text.remove_prefix(bad + 1);
  }
  return out;
}

std::string on_one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return printable(line);
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    width += width_of(point.value);
    text.remove_prefix(point.bytes);
  }
  return width;
}

std::string shortened_to(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  std::string out;
  for (std::size_t width = 0; !text.empty();) {
    const CodePoint point = first_code_point(text);
    width += width_of(point.value);
    if (width > columns - 1) break;
    out += text.substr(0, point.bytes);
    text.remove_prefix(point.bytes);
  }
  return out + "…";
}

std::string wrapped(std::string_view text, std::size_t columns) {
  std::string out, line;
  std::size_t begin = 0;
  const std::string clean = printable(text);
  while (begin <= clean.size()) {
    const std::size_t end = std::min(clean.find(' ', begin), clean.size());
    const std::string word = shortened_to(clean.substr(begin, end - begin), columns);
    begin = end + 1;
    if (!line.empty() && display_width(line) + 1 + display_width(word) > columns) {
      out += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return out + line + "\n";
}

}  // namespace infomtl
