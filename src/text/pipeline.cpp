#include "text/pipeline.h"

#include <utility>

namespace infomtl::text {

void Pipeline::normalize(AlignedText& text) const {
  for (const auto& normalizer : normalizers) normalizer->apply(text);
}

void Pipeline::tokenize(AlignedText text, TokenList& out) const {
  std::vector<AlignedText> pieces, next;
  if (!text.text.empty()) pieces.push_back(std::move(text));
  for (const auto& pre_tokenizer : pre_tokenizers) {
    next.clear();
    for (AlignedText& piece : pieces) pre_tokenizer->apply(std::move(piece), next);
    std::swap(pieces, next);
  }
  for (const AlignedText& piece : pieces) {
    model->tokenize(piece, out);
    ++out.word;
  }
}

}  // namespace infomtl::text
