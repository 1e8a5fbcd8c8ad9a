#pragma once
// WordPiece: greedy longest match first over a byte trie, and BERT's normalizer and pre-tokenizer fused with it.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "text/byte_trie.h"
#include "text/pipeline.h"
#include "text/vocabulary.h"

namespace infomtl::text {

class WordPiece final : public SubwordModel {
 public:
  /// @param prefix what pieces inside a word begin with, "##"
  /// @param max_chars a longer word is one unknown token
  WordPiece(const Vocabulary& vocabulary, std::string_view prefix, std::int32_t unknown, std::size_t max_chars);

  void tokenize(const AlignedText& word, TokenList& out) const override;

  /// Appends the pieces of word[0..size) read through `fold`, with begin and end counted from the word's first byte.
  void append_pieces(const unsigned char* word, std::size_t size, const std::array<unsigned char, 256>& fold,
                     TokenList& out) const;

 private:
  ByteTrie trie_;
  std::int32_t inside_;  // trie node of the prefix, -1 when no piece has it
  std::int32_t unknown_;
  std::size_t max_chars_;
};

struct BertNormalizerSettings {
  bool clean_text = true;
  bool handle_chinese_chars = true;
  bool strip_accents = true;
  bool lowercase = true;
};

/// BertNormalizer, BertPreTokenizer and WordPiece in one pass over the text; needs clean_text.
class BertSegmenter final : public Segmenter {
 public:
  BertSegmenter(const WordPiece& model, const BertNormalizerSettings& settings);
  bool segment(std::string_view text, std::uint32_t start, TokenList& out) const override;

 private:
  struct Word;
  std::size_t segment_mixed(std::string_view text, std::size_t position, std::uint32_t start, Word& word,
                            TokenList& out) const;
  bool feed(char32_t c, Span span, Word& word, TokenList& out) const;
  void feed_normalized(char32_t c, Span span, Word& word, TokenList& out) const;
  void flush(Word& word, TokenList& out) const;

  const WordPiece& model_;
  BertNormalizerSettings settings_;
  std::array<std::uint8_t, 256> kinds_;
  std::array<unsigned char, 256> fold_;
};

}  // namespace infomtl::text
