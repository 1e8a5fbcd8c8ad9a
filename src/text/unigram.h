#pragma once
// Unigram language model segmentation (Kudo 2018): the path of pieces with the largest sum of scores.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/byte_trie.h"
#include "text/pipeline.h"
#include "text/vocabulary.h"

namespace infomtl::text {

struct UnigramSettings {
  std::int32_t unknown = -1;   ///< id of the unknown piece
  bool byte_fallback = false;  ///< unknown characters become <0x00> ... <0xFF> where all of them exist
};

/// Scores are summed in double, an unknown character costs the smallest score less 10, neighbouring unknown characters
/// are one token, and of equal paths the one found first stays: the rules of the tokenizers library.
class Unigram final : public SubwordModel {
 public:
  /// @param scores by id
  Unigram(const Vocabulary& vocabulary, std::vector<double> scores, UnigramSettings settings);
  void tokenize(const AlignedText& word, TokenList& out) const override;

  struct Piece {
    std::int32_t id;
    std::uint32_t begin, end;
  };
  /// Tokens of a word, as byte ranges of it.
  void tokens(std::string_view word, std::vector<Piece>& result) const;

 private:
  void split(std::string_view word, std::vector<Piece>& pieces) const;
  void append(std::string_view word, std::uint32_t begin, std::uint32_t end, std::vector<Piece>& pieces) const;

  std::vector<double> scores_;
  UnigramSettings settings_;
  ByteTrie trie_;
  double unknown_score_ = 0.0;
  std::vector<std::int32_t> byte_ids_;
};

/// Metaspace and Unigram word by word: between ASCII spaces every word is normalized and cut by itself, once, and
/// remembered. Texts in which a word could reach over a space take the plain path.
class UnigramSegmenter final : public Segmenter {
 public:
  struct Rules {
    bool white_space_split = false;  ///< white space vanishes before U+2581 is put in front of every word
    bool collapses_spaces = false;   ///< the last normalizer makes one space of several
    bool prepend_always = true;      ///< else only at the start of the text
    bool prepend_first = true;
  };
  /// @param pipeline owns the normalizers and the model; outlives this
  UnigramSegmenter(const Pipeline& pipeline, const Unigram& model, Rules rules);
  bool segment(std::string_view text, std::uint32_t start, TokenList& out) const override;

 private:
  struct Word;
  bool cut(std::string_view word, Word& result) const;
  bool append(std::string_view word, std::uint32_t start, bool after_space, TokenList& out) const;

  const Pipeline& pipeline_;
  const Unigram& model_;
  Rules rules_;
  std::uint64_t owner_;
};

}  // namespace infomtl::text
