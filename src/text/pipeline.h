#pragma once
// The plain path from a stretch of text to tokens: normalizers, pre-tokenizers, subword model. It follows the
// definition of each part of `tokenizer.json`; a Segmenter is a fused fast path with the same result.

#include <memory>
#include <string_view>
#include <vector>

#include "text/aligned_text.h"
#include "text/vocabulary.h"

namespace infomtl::text {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(AlignedText& text) const = 0;
  /// How far a normalizer looks: inside words between spaces only, at runs of spaces (one space of several, all else
  /// unchanged), or anywhere.
  enum class Reach { kWord, kSpaces, kText };
  virtual Reach reach() const { return Reach::kText; }
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  /// Cuts a piece into pieces and appends those that are not empty.
  virtual void apply(AlignedText piece, std::vector<AlignedText>& pieces) const = 0;
};

class SubwordModel {
 public:
  virtual ~SubwordModel() = default;
  /// Appends the tokens of one word, all with the word index out.word.
  virtual void tokenize(const AlignedText& word, TokenList& out) const = 0;
};

class Segmenter {
 public:
  virtual ~Segmenter() = default;
  /// Appends the tokens of a stretch of valid, non-empty UTF-8 that starts at byte `start` of its text. Returns false,
  /// with `out` untouched, when the stretch needs the plain path.
  virtual bool segment(std::string_view text, std::uint32_t start, TokenList& out) const = 0;
};

struct Pipeline {
  std::vector<std::unique_ptr<Normalizer>> normalizers;
  std::vector<std::unique_ptr<PreTokenizer>> pre_tokenizers;
  std::unique_ptr<SubwordModel> model;
  std::unique_ptr<Segmenter> fast;  ///< may be missing

  void normalize(AlignedText& text) const;
  /// Pre-tokenizes and tokenizes normalized text; counts words in `out`.
  void tokenize(AlignedText text, TokenList& out) const;
};

}  // namespace infomtl::text
