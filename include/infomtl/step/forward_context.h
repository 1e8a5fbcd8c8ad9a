#pragma once
// Forward context: what a forward pass is a function of, beside its batch.

#include <cstdint>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

class MultiTaskModel;
class Objective;
class LossChecks;

/// What a pass is a function of, beside its batch.
struct INFOMTL_API ForwardContext {
  const MultiTaskModel* model = nullptr;
  const Objective* objective = nullptr;  ///< null: predictions only
  std::uint64_t seed = 0;
  std::int64_t step = 0;
  std::int64_t micro_batch = 0;
  std::int64_t independent = 0;  ///< 0: the step's own rows; i + 1: its i-th independent batch
  bool training = true;
  bool records = true;  ///< TaskStep::records(): whether terms change what they remember
  /// Where the sequences that the encoder reads in training are counted: every view, every pass, repeated ones too; null:
  /// nowhere.
  std::int64_t* encoded_sequences = nullptr;
  /// Where losses wait for a look at their values; null: each is looked at when it is found.
  LossChecks* unchecked = nullptr;

  /// hash(seed, purpose, step) and, where they are not the first, the micro-batch and the independent batch.
  std::uint64_t seed_of(std::string_view purpose) const;
};

/// Whose gradients one backward pass tells apart by the rows of the packed matrices.
enum class RowOwner {
  task,  ///< of the batch, in order
  row,   ///< of the batch's only task, in order
};

}  // namespace infomtl
