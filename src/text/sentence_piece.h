#pragma once
// SentencePiece models (`*.model`) through the sentencepiece library.

#include <memory>
#include <string>
#include <string_view>

#include "text/pipeline.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace infomtl::text {

/// How a model family numbers the pieces of its SentencePiece file.
struct PieceNumbering {
  bool fairseq = false;        ///< <s> 0, <pad> 1, </s> 2, <unk> 3, then the file's pieces from its fourth on
  bool splits_commas = false;  ///< a piece that ends in digit and comma is cut before the comma (ALBERT)
};

class SentencePieceModel final : public SubwordModel {
 public:
  /// @param content the bytes of the file @throws FormatError
  SentencePieceModel(std::string_view content, PieceNumbering numbering);
  ~SentencePieceModel() override;

  /// Tokens of a text as the library cuts it; a word starts at every piece that begins with U+2581.
  void tokenize(const AlignedText& text, TokenList& out) const override;
  /// Adds the pieces with their ids.
  void fill(Vocabulary& vocabulary) const;
  std::int32_t unknown() const;

 private:
  std::int32_t number(int piece_id) const;
  void append_before_comma(std::string_view piece, std::uint32_t begin, std::uint32_t end, const AlignedText& text,
                           TokenList& out) const;

  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  PieceNumbering numbering_;
};

}  // namespace infomtl::text
