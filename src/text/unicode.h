#pragma once
// Unicode as Hugging Face's tokenizers see it: classes, lower case and decompositions of code points, UTF-8 to and fro.
// Data from utf8proc, corrected where the tables behind `tokenizers` are of another Unicode version.

#include <cstdint>
#include <string>
#include <string_view>

namespace infomtl::text {

enum CharClass : std::uint8_t {
  kClassDropped = 1,         ///< removed by BertNormalizer's clean_text: other (C*) but tab, LF, CR; U+0000, U+FFFD
  kClassSpace = 2,           ///< White_Space
  kClassNonspacingMark = 4,  ///< removed by BertNormalizer's strip_accents
  kClassMark = 8,            ///< removed by the StripAccents normalizer (M*)
  kClassPunctuation = 16,    ///< P*, and every ASCII punctuation character
  kClassLetter = 32,         ///< L*
  kClassNumber = 64,         ///< N*
  kClassChinese = 128,       ///< the CJK ideograph blocks that BERT sets apart
};

/// Bits of CharClass.
std::uint8_t char_class(char32_t c);
/// \w of the regex crate: letters, marks, decimal digits, letter numbers, connectors, joiners, circled letters.
bool is_word_char(char32_t c);

/// Full lower case of one code point without context: at most 2 code points written. @return how many
int lower_case(char32_t c, char32_t out[4]);
/// Full canonical (or compatibility) decomposition of one code point, at most 32 written. @return how many
int decompose(char32_t c, bool compatibility, char32_t out[32]);
int combining_class(char32_t c);
/// The canonical composition of two code points, 0 when there is none.
char32_t compose(char32_t first, char32_t second);
/// True between two code points where an extended grapheme cluster ends; `state` starts at 0.
bool grapheme_break(char32_t before, char32_t after, std::int32_t& state);

/// One code point of well-formed UTF-8; `position` moves behind it.
inline char32_t decode_utf8(std::string_view text, std::size_t& position) {
  const auto byte = [&](std::size_t k) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[position + k]));
  };
  const char32_t lead = byte(0);
  if (lead < 0x80) {
    position += 1;
    return lead;
  }
  if (lead < 0xE0) {
    const char32_t c = (lead & 0x1F) << 6 | (byte(1) & 0x3F);
    position += 2;
    return c;
  }
  if (lead < 0xF0) {
    const char32_t c = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    position += 3;
    return c;
  }
  const char32_t c = (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  position += 4;
  return c;
}

/// Bytes of the character that starts with `lead`.
inline std::size_t utf8_length(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

/// Appends one code point; @return bytes written.
inline std::size_t append_utf8(std::string& text, char32_t c) {
  const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (c < 0x80) {
    put(c);
    return 1;
  }
  if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
    return 3;
  }
  put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  return 4;
}

/// Characters in well-formed UTF-8.
std::size_t count_chars(std::string_view text);
bool is_ascii(std::string_view text);

}  // namespace infomtl::text
