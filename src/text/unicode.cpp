#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <vector>

namespace infomtl::text {
namespace {

struct CharRange {
  char32_t first, last;
};
struct ClassException {
  CharClass bit;
  bool member;
  std::span<const CharRange> ranges;
};
struct MappingException {
  char32_t from;
  char32_t to[4];
};

#include "text/unicode_exceptions.inc"

constexpr char32_t kCodePoints = 0x110000;
constexpr CharRange kChineseBlocks[] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
                                        {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};

std::uint8_t class_of_category(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return kClassLetter;
    case UTF8PROC_CATEGORY_MN:
      return kClassMark | kClassNonspacingMark;
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return kClassMark;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return kClassNumber;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      return kClassPunctuation;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return kClassSpace;
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
      return kClassDropped;
    default:
      return 0;
  }
}

// Blocks of 256 code points; equal blocks are stored once, so most of the code space costs one byte per block.
class ClassTable {
 public:
  ClassTable() {
    const auto all = std::make_unique<std::uint8_t[]>(kCodePoints);
    const auto fill = [&](char32_t first, char32_t last) {
      for (char32_t c = first; c <= last; ++c) all[c] = class_of_category(c);
    };
    fill(0, 0x323AF);  // planes 4 to 13 are unassigned, 15 and 16 are private use
    fill(0xE0000, 0xE0FFF);
    std::memset(&all[0xF0000], kClassDropped, 0xFFFE);
    std::memset(&all[0x100000], kClassDropped, 0xFFFE);
    for (const char32_t c : {0x9, 0xA, 0xD}) all[c] = kClassSpace;
    for (const char32_t c : {0xB, 0xC, 0x85}) all[c] = kClassSpace | kClassDropped;
    all[0xFFFD] |= kClassDropped;
    for (const char c : std::string_view("$+<=>^`|~")) all[static_cast<unsigned char>(c)] |= kClassPunctuation;
    for (const CharRange& block : kChineseBlocks) {
      for (char32_t c = block.first; c <= block.last; ++c) all[c] |= kClassChinese;
    }
    for (const ClassException& exception : kClassExceptions) {
      for (const CharRange& range : exception.ranges) {
        for (char32_t c = range.first; c <= range.last; ++c) {
          all[c] = static_cast<std::uint8_t>(exception.member ? all[c] | exception.bit : all[c] & ~exception.bit);
        }
      }
    }
    for (char32_t block = 0; block < kCodePoints / 256; ++block) {
      const std::uint8_t* source = &all[block * 256];
      std::size_t found = 0;
      while (found < blocks_.size() && std::memcmp(&blocks_[found], source, 256) != 0) found += 256;
      if (found == blocks_.size()) blocks_.insert(blocks_.end(), source, source + 256);
      start_[block] = static_cast<std::uint32_t>(found);
    }
  }
  std::uint8_t operator[](char32_t c) const { return blocks_[start_[c >> 8] + (c & 0xFF)]; }

 private:
  std::array<std::uint32_t, kCodePoints / 256> start_{};
  std::vector<std::uint8_t> blocks_;
};

const ClassTable& class_table() {
  static const ClassTable table;
  return table;
}

bool is_in(std::span<const CharRange> ranges, char32_t c) {
  const auto behind = std::upper_bound(ranges.begin(), ranges.end(), c,
                                       [](char32_t value, const CharRange& range) { return value < range.first; });
  return behind != ranges.begin() && c <= std::prev(behind)->last;
}

// Writes the exception's mapping and returns its length, 0 when `c` has none.
int find_exception(std::span<const MappingException> exceptions, char32_t c, char32_t* out) {
  const auto found = std::lower_bound(exceptions.begin(), exceptions.end(), c,
                                      [](const MappingException& e, char32_t value) { return e.from < value; });
  if (found == exceptions.end() || found->from != c) return 0;
  int count = 0;
  while (count < 4 && found->to[count] != 0) {
    out[count] = found->to[count];
    ++count;
  }
  return count;
}

}  // namespace

std::uint8_t char_class(char32_t c) { return class_table()[c]; }

bool is_word_char(char32_t c) {
  if (char_class(c) & (kClassLetter | kClassMark)) return true;
  if (c == 0x200C || c == 0x200D) return true;
  if ((c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) || (c >= 0x1F150 && c <= 0x1F169) ||
      (c >= 0x1F170 && c <= 0x1F189)) {
    return true;
  }
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_PC;
}

int lower_case(char32_t c, char32_t out[4]) {
  if (c < 0x80) {
    out[0] = c >= 'A' && c <= 'Z' ? c + 32 : c;
    return 1;
  }
  if (const int count = find_exception(kLowerExceptions, c, out)) return count;
  out[0] = static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  return 1;
}

int decompose(char32_t c, bool compatibility, char32_t out[32]) {
  if (c < 0x80) {
    out[0] = c;
    return 1;
  }
  const auto exceptions = compatibility ? std::span<const MappingException>(kCompatibilityExceptions)
                                        : std::span<const MappingException>(kCanonicalExceptions);
  if (const int count = find_exception(exceptions, c, out)) return count;
  utf8proc_int32_t buffer[32];
  int boundary = 0;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | (compatibility ? UTF8PROC_COMPAT : 0));
  const utf8proc_ssize_t count =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), buffer, 32, options, &boundary);
  if (count < 1 || count > 32) {
    out[0] = c;
    return 1;
  }
  for (utf8proc_ssize_t i = 0; i < count; ++i) out[i] = static_cast<char32_t>(buffer[i]);
  return static_cast<int>(count);
}

int combining_class(char32_t c) {
  if (c < 0x300) return 0;
  const int found = utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
  return found == 0 || is_in(kStarters, c) ? 0 : found;
}

char32_t compose(char32_t first, char32_t second) {
  if (second < 0x80) return 0;
  utf8proc_int32_t pair[2] = {static_cast<utf8proc_int32_t>(first), static_cast<utf8proc_int32_t>(second)};
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
  if (utf8proc_normalize_utf32(pair, 2, options) != 1) return 0;
  char32_t parts[32];
  const auto composed = static_cast<char32_t>(pair[0]);
  return decompose(composed, false, parts) > 1 ? composed : 0;  // else the peer does not know it yet
}

bool grapheme_break(char32_t before, char32_t after, std::int32_t& state) {
  const bool breaks = utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before),
                                                       static_cast<utf8proc_int32_t>(after), &state);
  if (after < 0x300) return breaks;
  if (breaks && is_in(kClusterJoined, after)) {
    constexpr utf8proc_int32_t kCombiningAcute = 0x301;  // what is joined there, joins as any mark does
    return utf8proc_grapheme_break(static_cast<utf8proc_int32_t>(before), kCombiningAcute);
  }
  return breaks || is_in(kClusterSplit, after);
}

std::size_t count_chars(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return count;
}

bool is_ascii(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    if (word & 0x8080808080808080u) return false;
  }
  for (; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) & 0x80) return false;
  }
  return true;
}

}  // namespace infomtl::text
