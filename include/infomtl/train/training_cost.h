#pragma once
// Training cost: what a run has used up, so that a comparison can state its budget. Plain values, no tensors.
//
//   const TrainingCost cost = trainer.cost();
//   std::printf("%lld examples, %.1f passes over the first task\n", cost.examples, double(cost.rows[0]) / train_rows);

#include <cstdint>
#include <vector>

namespace infomtl {

/// Over all sittings of a resumed run.
struct TrainingCost {
  std::int64_t steps = 0;               ///< of the optimiser
  std::int64_t examples = 0;            ///< sequences of the steps' batches, a second view counted once
  std::int64_t tokens = 0;              ///< of those sequences
  std::int64_t encoded_sequences = 0;   ///< that the encoder read in training: every view and every repeated pass
  std::vector<std::int64_t> rows = {};  ///< labelled rows trained on, per task
  double clipped_steps = 0;  ///< steps whose gradient clipping shortened; clipped per task, a step counts by the share
                             ///< of its tasks that were
  double seconds = 0;        ///< wall clock of the steps; evaluation is not counted
};

}  // namespace infomtl
