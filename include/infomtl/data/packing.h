#pragma once
// Packing: tokenized texts of a split, and their labels, as the tensors of a step.

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/dataset.h"
#include "infomtl/data/step_batch.h"
#include "infomtl/data/tokenized_texts.h"

namespace infomtl {

/// Sequences end to end, in the order given (an own text of a user, for prediction, comes this way too).
INFOMTL_API PackedTokens pack(const std::vector<SequenceTokens>& sequences);

/// What to do with words that have no token of their own, because the tokenizer dropped them or max_length cut them
/// off.
enum class TokenlessWords {
  leave_out,      ///< training: such a word has no label (unless its text has no other word)
  read_previous,  ///< evaluation: it reads the token of the word before it (or the first token), so every word is
                  ///< scored; a word that max_length cut off is marked (TaskBatch::unread) and counts as not answered
};

/// Texts of a split that go into a step together, and the tasks whose labels on them are wanted.
struct TextSelection {
  std::vector<std::size_t> tasks;
  std::vector<std::int32_t> sequences;  ///< each at most once, in any order
  std::int64_t batches_before = 0;      ///< TaskBatch::batches_before of those tasks
};

/// Packs the selections in their order, each ordered by length. A task gets a TaskBatch over those of its selection's
/// texts that it labels, and none when it labels none of them. No text is packed twice within a selection.
INFOMTL_API StepBatch assemble(const std::vector<TextSelection>& selections, const std::vector<Task>& tasks,
                               const SplitData& data, const TokenizedTexts& tokens, TokenlessWords tokenless);

}  // namespace infomtl
