#pragma once
// The pre-tokenizers a `tokenizer.json` may name (ByteLevel: bpe.h).

#include <memory>
#include <string>
#include <vector>

#include "text/json_field.h"
#include "text/pipeline.h"

namespace infomtl::text {

/// Splits at white space, which is dropped, and sets every punctuation character apart.
class BertPreTokenizer final : public PreTokenizer {
 public:
  void apply(AlignedText piece, std::vector<AlignedText>& pieces) const override;
};

/// Spaces become U+2581; a piece starts at each of them. One is put before the text.
class Metaspace final : public PreTokenizer {
 public:
  enum class Prepend { kAlways, kFirst, kNever };
  Metaspace(char32_t replacement, Prepend prepend, bool split)
      : replacement_(replacement), prepend_(prepend), split_(split) {}
  void apply(AlignedText piece, std::vector<AlignedText>& pieces) const override;
  char32_t replacement() const { return replacement_; }
  Prepend prepend() const { return prepend_; }
  bool split() const { return split_; }

 private:
  char32_t replacement_;
  Prepend prepend_;
  bool split_;
};

bool is_white_space_split(const PreTokenizer& pre_tokenizer);

/// Every punctuation character is a piece of its own.
std::unique_ptr<PreTokenizer> make_punctuation_split();

/// Reads U+2581-like settings of a Metaspace pre-tokenizer or decoder.
Metaspace read_metaspace(const JsonField& field);

/// Appends the pre-tokenizers of a "pre_tokenizer" field; sequences are flattened. @throws FormatError
void read_pre_tokenizers(const JsonField& field, std::vector<std::unique_ptr<PreTokenizer>>& pre_tokenizers);

}  // namespace infomtl::text
