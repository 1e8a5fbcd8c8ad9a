#include "text/wordpiece.h"

#include <limits>

#include "text/unicode.h"

namespace infomtl::text {
namespace {

constexpr std::array<unsigned char, 256> identity_fold() {
  std::array<unsigned char, 256> fold{};
  for (std::size_t i = 0; i < 256; ++i) fold[i] = static_cast<unsigned char>(i);
  return fold;
}
constexpr std::array<unsigned char, 256> kIdentity = identity_fold();
constexpr std::size_t kNeedsPlainPath = std::numeric_limits<std::size_t>::max();

// What BERT's normalizer and pre-tokenizer do with a byte.
enum Kind : std::uint8_t { kInWord, kSpace, kPunctuation, kDropped, kWide };

}  // namespace

WordPiece::WordPiece(const Vocabulary& vocabulary, std::string_view prefix, std::int32_t unknown, std::size_t max_chars)
    : trie_(vocabulary.entries()),
      inside_(trie_.walk(ByteTrie::root(), prefix)),
      unknown_(unknown),
      max_chars_(max_chars) {}

void WordPiece::append_pieces(const unsigned char* word, std::size_t size, const std::array<unsigned char, 256>& fold,
                              TokenList& out) const {
  const std::size_t before = out.tokens.size();
  const bool too_long =
      size > max_chars_ && count_chars({reinterpret_cast<const char*>(word), size}) > max_chars_;  // chars <= bytes
  std::size_t position = 0;
  std::int32_t start = ByteTrie::root();
  while (!too_long && position < size) {
    std::int32_t node = start, found = -1;
    std::size_t found_end = position;
    if (node >= 0) {
      for (std::size_t i = position; i < size; ++i) {
        node = trie_.child(node, fold[word[i]]);
        if (node < 0) break;
        if (const std::int32_t id = trie_.value(node); id >= 0) found = id, found_end = i + 1;
      }
    }
    if (found < 0) break;
    out.tokens.push_back(
        {found, static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(found_end), out.word});
    position = found_end;
    start = inside_;
  }
  if (position < size) {
    out.tokens.resize(before);
    out.tokens.push_back({unknown_, 0, static_cast<std::uint32_t>(size), out.word});
  }
}

void WordPiece::tokenize(const AlignedText& word, TokenList& out) const {
  const std::size_t before = out.tokens.size();
  append_pieces(reinterpret_cast<const unsigned char*>(word.text.data()), word.text.size(), kIdentity, out);
  for (std::size_t i = before; i < out.tokens.size(); ++i) {
    Token& token = out.tokens[i];
    token.end = word.spans[token.end - 1].second;
    token.begin = word.spans[token.begin].first;
  }
}

// A word that is not plain ASCII, as far as it has been read.
struct BertSegmenter::Word {
  std::string text;
  std::vector<Span> spans;
};

BertSegmenter::BertSegmenter(const WordPiece& model, const BertNormalizerSettings& settings)
    : model_(model), settings_(settings) {
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto c = static_cast<char32_t>(byte);
    const std::uint8_t bits = byte < 128 ? char_class(c) : std::uint8_t{0};
    kinds_[byte] = byte >= 128                ? kWide
                   : bits & kClassDropped     ? kDropped
                   : bits & kClassSpace       ? kSpace
                   : bits & kClassPunctuation ? kPunctuation
                                              : kInWord;
    fold_[byte] = static_cast<unsigned char>(settings.lowercase && byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
  }
}

bool BertSegmenter::segment(std::string_view text, std::uint32_t start, TokenList& out) const {
  thread_local Word word;
  const std::size_t tokens_before = out.tokens.size();
  const std::int32_t word_before = out.word;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t size = text.size();
  std::size_t i = 0;
  while (i < size) {
    const std::uint8_t kind = kinds_[bytes[i]];
    if (kind == kSpace) {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    if (kind == kInWord) {
      while (end < size && kinds_[bytes[end]] == kInWord) ++end;
    }
    if (kind == kPunctuation || (kind == kInWord && (end == size || kinds_[bytes[end]] <= kPunctuation))) {
      const std::size_t before = out.tokens.size();
      model_.append_pieces(bytes + i, end - i, fold_, out);
      const auto shift = static_cast<std::uint32_t>(start + i);
      for (std::size_t t = before; t < out.tokens.size(); ++t) out.tokens[t].begin += shift, out.tokens[t].end += shift;
      ++out.word;
      i = end;
      continue;
    }
    i = segment_mixed(text, i, start, word, out);
    if (i == kNeedsPlainPath) {
      word = {};
      out.tokens.resize(tokens_before);
      out.word = word_before;
      return false;
    }
  }
  return true;
}

// Reads on from `position`, the start of a word, until a word has ended; returns the place behind it.
std::size_t BertSegmenter::segment_mixed(std::string_view text, std::size_t position, std::uint32_t start, Word& word,
                                         TokenList& out) const {
  while (position < text.size()) {
    const auto byte = static_cast<unsigned char>(text[position]);
    const std::uint8_t kind = kinds_[byte];
    if (kind == kSpace || kind == kPunctuation) break;
    const std::size_t begin = position;
    const char32_t c = decode_utf8(text, position);
    const Span span{static_cast<std::uint32_t>(start + begin), static_cast<std::uint32_t>(start + position)};
    if (kind == kInWord) {
      word.text.push_back(static_cast<char>(fold_[byte]));
      word.spans.push_back(span);
      continue;
    }
    const std::uint8_t bits = char_class(c);
    if (bits & kClassDropped) continue;
    if (bits & kClassSpace) break;
    const bool alone = settings_.handle_chinese_chars && (bits & kClassChinese);
    if (alone) flush(word, out);
    if (!feed(c, span, word, out)) return kNeedsPlainPath;
    if (alone || word.text.empty()) break;
  }
  flush(word, out);
  return position;
}

// Normalizes one character into the word; false when marks may have to change places.
bool BertSegmenter::feed(char32_t c, Span span, Word& word, TokenList& out) const {
  if (!settings_.strip_accents) {
    feed_normalized(c, span, word, out);
    return true;
  }
  char32_t parts[32];
  const int count = decompose(c, false, parts);
  for (int i = 0; i < count; ++i) {
    if (char_class(parts[i]) & kClassNonspacingMark) continue;
    if (combining_class(parts[i]) != 0) return false;
    feed_normalized(parts[i], span, word, out);
  }
  return true;
}

void BertSegmenter::feed_normalized(char32_t c, Span span, Word& word, TokenList& out) const {
  char32_t lowered[4] = {c};
  const int count = settings_.lowercase ? lower_case(c, lowered) : 1;
  for (int i = 0; i < count; ++i) {
    const std::uint8_t bits = char_class(lowered[i]);
    if (bits & (kClassSpace | kClassPunctuation)) flush(word, out);
    if (bits & kClassSpace) continue;
    word.spans.insert(word.spans.end(), append_utf8(word.text, lowered[i]), span);
    if (bits & kClassPunctuation) flush(word, out);
  }
}

void BertSegmenter::flush(Word& word, TokenList& out) const {
  if (word.text.empty()) return;
  const std::size_t before = out.tokens.size();
  model_.append_pieces(reinterpret_cast<const unsigned char*>(word.text.data()), word.text.size(), kIdentity, out);
  for (std::size_t t = before; t < out.tokens.size(); ++t) {
    Token& token = out.tokens[t];
    token.end = word.spans[token.end - 1].second;
    token.begin = word.spans[token.begin].first;
  }
  ++out.word;
  word.text.clear();
  word.spans.clear();
}

}  // namespace infomtl::text
