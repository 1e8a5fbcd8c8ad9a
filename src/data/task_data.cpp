#include "infomtl/data/task_data.h"

namespace infomtl {

TaskData::TaskData(Dataset dataset, std::shared_ptr<const Tokenizer> tokenizer, std::size_t max_length)
    : dataset_(std::move(dataset)), tokenizer_(std::move(tokenizer)), max_length_(max_length) {}

const TokenizedTexts& TaskData::tokens(Split split) const {
  std::unique_ptr<TokenizedTexts>& found = tokens_[static_cast<std::size_t>(split)];
  if (found == nullptr) {
    found = std::make_unique<TokenizedTexts>(dataset_.split(split).texts, tokenizer_, max_length_);
  }
  return *found;
}

}  // namespace infomtl
