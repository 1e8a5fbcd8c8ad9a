#pragma once
// Task data: the tasks of a run, their texts and labels, and the tokens of each split, made when first asked for.
//
//   auto data = std::make_shared<TaskData>(load_dataset(config.object("data"), seed), tokenizer, /*max_length=*/128);
//   data->tokens(Split::train);

#include <array>
#include <cstddef>
#include <memory>

#include "infomtl/core/export.h"
#include "infomtl/data/dataset.h"
#include "infomtl/data/tokenized_texts.h"
#include "infomtl/text/tokenizer.h"

namespace infomtl {

class INFOMTL_API TaskData {
 public:
  /// @param max_length  tokens of a sequence, special ones included; 0: no limit
  TaskData(Dataset dataset, std::shared_ptr<const Tokenizer> tokenizer, std::size_t max_length);
  TaskData(const TaskData&) = delete;
  TaskData& operator=(const TaskData&) = delete;

  const Dataset& dataset() const { return dataset_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  std::size_t max_length() const { return max_length_; }
  /// A background thread tokenizes the split from the first call on.
  const TokenizedTexts& tokens(Split split) const;

 private:
  Dataset dataset_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::size_t max_length_;
  mutable std::array<std::unique_ptr<TokenizedTexts>, 3> tokens_;
};

}  // namespace infomtl
