#pragma once
// Byte-pair encoding (Sennrich et al. 2016): merges in order of rank, the leftmost of equal rank first. ByteLevel works
// on bytes (GPT-2, RoBERTa); BpeModel on the characters of a normalized word (SentencePiece-like files).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/byte_trie.h"
#include "text/pipeline.h"
#include "text/vocabulary.h"

namespace infomtl::text {

/// Which pairs of ids become which id, and how early.
class MergeTable {
 public:
  struct Merge {
    std::int32_t rank = -1;  ///< -1: the pair never merges
    std::int32_t result = -1;
  };
  /// A piece of a word: its id and the bytes it covers.
  struct Symbol {
    std::int32_t id;
    std::uint32_t begin, end;
  };

  MergeTable() : cells_(2), mask_(1) {}
  /// The place in `merges` is the rank; of a pair listed twice the later place counts.
  MergeTable(const Vocabulary& vocabulary, const std::vector<std::pair<std::string, std::string>>& merges,
             std::string_view inside_prefix);
  Merge find(std::int32_t left, std::int32_t right) const;
  /// Merges until nothing merges. n^2 for short words, n log n for long ones.
  void apply(std::vector<Symbol>& symbols) const;

 private:
  struct Cell {
    std::uint64_t pair = ~std::uint64_t{0};
    Merge merge;
  };
  void apply_to_long(std::vector<Symbol>& symbols) const;

  std::vector<Cell> cells_;
  std::uint64_t mask_;
};

struct BpeSettings {
  std::int32_t unknown = -1;   ///< -1: characters without a token are left out
  bool fuse_unknown = false;   ///< neighbouring unknown characters become one token
  bool byte_fallback = false;  ///< unknown characters become their bytes' tokens <0x00> ... <0xFF> where all exist
  bool ignore_merges = false;  ///< a word that is a token is that token
  std::string inside_prefix;   ///< before every character of a word but the first
  std::string end_suffix;      ///< after the last character of a word
};

/// BPE over the characters of a word.
class BpeModel final : public SubwordModel {
 public:
  BpeModel(const Vocabulary& vocabulary, const std::vector<std::pair<std::string, std::string>>& merges,
           BpeSettings settings);
  void tokenize(const AlignedText& word, TokenList& out) const override;
  /// The same on the bytes of a word alone; the symbols' ranges are byte ranges of `word`.
  void split(std::string_view word, std::vector<MergeTable::Symbol>& symbols) const;
  const BpeSettings& settings() const { return settings_; }

 private:
  const Vocabulary& vocabulary_;
  BpeSettings settings_;
  MergeTable merges_;
  std::array<std::int32_t, 256> byte_ids_{};
};

/// The character that stands for a byte in a byte-level vocabulary, and the byte of such a character (-1: none).
char32_t byte_level_char(unsigned char byte);
int byte_level_byte(char32_t c);
/// The bytes that a byte-level token stands for; empty where a character of it stands for none.
std::string byte_level_bytes(std::string_view token);

/// Where the next piece of GPT-2's pattern ends that starts at `begin`:
/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t next_gpt2_piece(std::string_view text, std::size_t begin);

/// The ByteLevel pre-tokenizer.
class ByteLevelPreTokenizer final : public PreTokenizer {
 public:
  ByteLevelPreTokenizer(bool add_prefix_space, bool use_regex)
      : add_prefix_space_(add_prefix_space), use_regex_(use_regex) {}
  void apply(AlignedText piece, std::vector<AlignedText>& pieces) const override;
  bool add_prefix_space() const { return add_prefix_space_; }
  bool use_regex() const { return use_regex_; }

 private:
  bool add_prefix_space_, use_regex_;
};

/// The ByteLevel pre-tokenizer with GPT-2's pattern and BPE in one pass over the bytes.
class ByteLevelSegmenter final : public Segmenter {
 public:
  ByteLevelSegmenter(const Vocabulary& vocabulary, const BpeModel& model, bool add_prefix_space);
  bool segment(std::string_view text, std::uint32_t start, TokenList& out) const override;

 private:
  void append_word(std::string_view word, std::vector<MergeTable::Symbol>& symbols) const;

  const BpeModel& model_;
  bool add_prefix_space_;
  ByteTrie whole_;       // raw bytes of every token that BPE gives back whole
  std::uint64_t owner_;  // of words in the threads' caches
};

}  // namespace infomtl::text
