#pragma once
// Tokenized texts: every text of a split as token ids, made ahead by a background thread; a text asked for before its
// turn is tokenized on the spot, so training starts at once.
//
//   auto tokens = std::make_shared<TokenizedTexts>(dataset.split(Split::train).texts, tokenizer, max_length);
//   SequenceTokens sequence = tokens->sequence(17);       // the same whether its turn has come or not

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/dataset.h"
#include "infomtl/text/tokenizer.h"

namespace infomtl {

/// In place of a word's first token: the word gave none, or it lies behind the tokens that max_length leaves.
inline constexpr std::int32_t kWordWithoutToken = -1;
inline constexpr std::int32_t kWordNotRead = -2;

/// The tokens of one text or pair.
struct SequenceTokens {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> type_ids;
  /// For each word of a tagged text: the index of its first token, kWordWithoutToken or kWordNotRead.
  std::vector<std::int32_t> word_tokens;
  bool truncated = false;
};

/// Tokenizes one text, or a pair; `words` are byte ranges of `text` (empty unless it is tagged). A word's first token
/// is the first one that overlaps its bytes. @param max_length  tokens, special ones included; 0: no limit
INFOMTL_API SequenceTokens tokenize_sequence(const Tokenizer& tokenizer, std::string_view text,
                                             const std::string_view* pair, const std::vector<WordRange>& words,
                                             std::size_t max_length);

/// Thread-safe. Holds 4 bytes per token id and 1 per type id, flat. Its destructor stops the background thread.
class INFOMTL_API TokenizedTexts {
 public:
  /// @param texts  kept by reference: it must outlive this object
  TokenizedTexts(const Texts& texts, std::shared_ptr<const Tokenizer> tokenizer, std::size_t max_length);
  ~TokenizedTexts();
  TokenizedTexts(const TokenizedTexts&) = delete;
  TokenizedTexts& operator=(const TokenizedTexts&) = delete;

  std::size_t size() const;
  /// @throws what the tokenizer throws, with the text's number
  SequenceTokens sequence(std::size_t index) const;
  /// Number of tokens.
  std::int32_t length(std::size_t index) const;
  /// Blocks until the background thread is done; what it failed with is thrown here.
  void wait() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace infomtl
