#pragma once
// Text to token ids: tokenizers read from Hugging Face model folders, equal to the `tokenizers` library to the last id
// and offset. A tokenizer is immutable; any number of threads may use one at the same time.
//
//   std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer("models/all-MiniLM-L6-v2");
//   Encoding encoding = tokenizer->encode("Hello, world!", {.max_length = 128});
//   Encoding pair = tokenizer->encode_pair("A man eats.", "Someone eats.", {.max_length = 128});
//   std::string text = tokenizer->decode(encoding.ids);
//   copy_tokenizer_files("models/all-MiniLM-L6-v2", "run/checkpoints/best");

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/text/special_tokens.h"

namespace infomtl {

namespace text {
struct TokenizerParts;  // inside of the room
}

/// The tokens of one text, one pair or one list of words; all lists have one entry per token.
struct Encoding {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> type_ids;  ///< 0 or 1, as the model folder's template says
  /// UTF-8 byte [begin, end) in the text (of a pair: its own text; of words: its own word); {0, 0} for special tokens.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> offsets;
  /// Which pre-tokenized word of its text the token belongs to (for encode_words: index in the list); -1 for specials.
  std::vector<std::int32_t> words;
  bool truncated = false;

  std::size_t size() const { return ids.size(); }
  void clear();
};

struct TokenizeOptions {
  std::size_t max_length = 0;      ///< tokens, special ones included; 0: no limit
  bool add_special_tokens = true;  ///< the template's [CLS], [SEP], <s>, ... around the text
};

/// A tokenizer of a model folder. Every call throws DataError when a text is not well-formed UTF-8 (naming the byte) or
/// when max_length leaves no room for the special tokens. Empty texts are valid and give the special tokens only.
class INFOMTL_API Tokenizer {
 public:
  explicit Tokenizer(std::unique_ptr<const text::TokenizerParts> parts);  ///< what load_tokenizer() calls
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  Encoding encode(std::string_view text, const TokenizeOptions& options = {}) const;
  /// The same into an encoding whose memory is used again.
  void encode(std::string_view text, const TokenizeOptions& options, Encoding& encoding) const;

  /// Two texts; the longer one is cut first. Where both must be cut to the same length, the odd token stays in the
  /// longer text, or in the second when they are equally long.
  Encoding encode_pair(std::string_view first, std::string_view second, const TokenizeOptions& options = {}) const;
  void encode_pair(std::string_view first, std::string_view second, const TokenizeOptions& options,
                   Encoding& encoding) const;

  /// A text given as words, as tagging data has it: each word is tokenized on its own; `words` says which word a token
  /// comes from, offsets count from the start of that word. A word may give no token at all.
  Encoding encode_words(std::span<const std::string> words, const TokenizeOptions& options = {}) const;

  /// Text of the ids; unknown ids are left out, as are special tokens when `skip_special_tokens`.
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens = true) const;

  /// The token of an id. @throws DataError when the vocabulary has no such id
  std::string token(std::int32_t id) const;
  /// The id of a token, -1 when the vocabulary has none.
  std::int32_t id(std::string_view token) const;
  /// Tokens in the vocabulary, added ones included (ids may have gaps).
  std::size_t vocab_size() const;
  /// The smallest number of embedding rows that holds every id: largest id + 1.
  std::size_t id_limit() const;
  const SpecialTokenIds& special_ids() const;
  /// Special tokens the template adds around one text or around a pair.
  std::size_t special_token_count(bool pair) const;

 private:
  std::unique_ptr<const text::TokenizerParts> parts_;
};

/// Reads the tokenizer of a Hugging Face model folder: `tokenizer.json` where there is one, else a SentencePiece
/// `*.model` (XLM-R, ALBERT or DeBERTa-v2/v3 conventions), else `vocab.json` + `merges.txt` (byte-level BPE), else
/// `vocab.txt` (WordPiece). Truncation and padding stored in the files are ignored.
/// @throws IoError, FormatError naming the file and the field
INFOMTL_API std::shared_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& folder);

/// Which of a folder's files load_tokenizer() reads, and what they make.
struct INFOMTL_API TokenizerSource {
  std::string file;        ///< "tokenizer.json", "spiece.model", "vocab.json", "vocab.txt"
  std::string kind;        ///< "WordPiece", "BPE", "Unigram", or "SentencePiece"
  std::string class_name;  ///< as tokenizer_config.json says; "" where it names none
};
/// @throws IoError, FormatError
INFOMTL_API TokenizerSource tokenizer_source(const std::filesystem::path& folder);

/// Names of the files that load_tokenizer() takes into account, the one that tells how texts are cut first; none where there
/// is no tokenizer. @throws IoError, FormatError
INFOMTL_API std::vector<std::string> tokenizer_files(const std::filesystem::path& folder);

/// Copies the tokenizer's files of a model folder, bytes unchanged, into another folder (made when missing), so that a
/// saved model carries its tokenizer. @throws IoError, FormatError when `from` holds no tokenizer
INFOMTL_API void copy_tokenizer_files(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace infomtl
