#pragma once
// Evaluation stream: every labelled (text, task) of a split exactly once, batched by length; a text that several tasks
// label is packed once and carries them all.
//
//   EvaluationStream stream(dataset, Split::test, tokens, 256);
//   while (std::optional<StepBatch> batch = stream.next()) scores.add(predict(*batch));

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "infomtl/core/export.h"
#include "infomtl/data/packing.h"

namespace infomtl {

class INFOMTL_API EvaluationStream {
 public:
  /// @param dataset, tokens  kept by reference; @param tokens  of that split
  /// @param batch_size  texts per batch, at least 1; @param prefetch  batches prepared ahead; 0: none, and no thread
  EvaluationStream(const Dataset& dataset, Split split, const TokenizedTexts& tokens, std::int64_t batch_size,
                   std::size_t prefetch = 2);
  ~EvaluationStream();
  EvaluationStream(const EvaluationStream&) = delete;
  EvaluationStream& operator=(const EvaluationStream&) = delete;

  /// The next batch, nothing at the end. Words without a token of their own read the word before them, so that every
  /// gold word is scored. What its preparation threw is thrown here.
  std::optional<StepBatch> next();
  std::size_t batches() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace infomtl
