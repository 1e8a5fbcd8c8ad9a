#pragma once
// Text under normalization that still knows where each byte came from, and the pieces a pre-tokenizer cuts it into.
// This is the plain path of every tokenizer; the fast paths must give what it gives.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infomtl::text {

using Span = std::pair<std::uint32_t, std::uint32_t>;

/// Each byte of `text` carries the byte span of the original character it stands for.
struct AlignedText {
  std::string text;
  std::vector<Span> spans;
  std::uint32_t origin = 0;  ///< where this piece starts in the original text

  AlignedText() = default;
  /// `original` unchanged; its first byte is byte `start` of the caller's text.
  AlignedText(std::string_view original, std::uint32_t start);
  AlignedText slice(std::size_t begin, std::size_t end) const;
};

/// Rewrites an AlignedText from left to right.
class Rewriter {
 public:
  explicit Rewriter(AlignedText& target);

  bool done() const { return cursor_ >= source_.size(); }
  char32_t peek() const;
  std::string_view rest() const { return std::string_view(source_).substr(cursor_); }
  /// Writes `c` in the place of the next source character, whose span it takes. At the end it takes the last span.
  void replace(char32_t c);
  /// Writes `c` between characters: it takes the span of the source byte before (the piece's start when there is none).
  void insert(char32_t c);
  /// Drops the next source character.
  void skip();
  /// Moves the result into the target.
  void finish();

 private:
  void write(char32_t c, Span span);

  AlignedText& target_;
  std::string source_;
  std::vector<Span> source_spans_;
  std::size_t cursor_ = 0;
  std::string text_;
  std::vector<Span> spans_;
};

/// A character written in the place of one (0), of more (< 0: one more dropped for each), or between two (1).
struct Change {
  char32_t c;
  int shift;
};
/// Rewrites the text as the list says, from left to right; what lies behind its end is dropped.
void apply_changes(AlignedText& text, const std::vector<Change>& changes);

/// One token of a text before special tokens are put around it.
struct Token {
  std::int32_t id;
  std::uint32_t begin, end;
  std::int32_t word;
};

/// What the parts of a tokenizer append tokens to; reused from call to call.
struct TokenList {
  std::vector<Token> tokens;
  std::int32_t word = 0;  ///< index of the next word
};

}  // namespace infomtl::text
