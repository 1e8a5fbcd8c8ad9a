#pragma once
// Training stream: the batches of a run, one step after the other, prepared ahead on a background thread. What a step
// holds is a function of (run seed, step number), so a stream started at step k is the tail of one started at 0.
//
//   TrainingStream stream(dataset, tokens, sampler, {.batch_size = 128}, run_seed, epochs);
//   for (TrainingStep step = stream.next(); ; step = stream.next()) {
//     for (const StepBatch& micro_batch : step.micro_batches) ...
//     if (step.last_of_epoch && step.epoch + 1 == epochs) break;
//   }

#include <cstdint>
#include <memory>

#include "infomtl/core/export.h"
#include "infomtl/data/batch_source.h"
#include "infomtl/data/batching.h"
#include "infomtl/data/packing.h"
#include "infomtl/data/sampler.h"

namespace infomtl {

/// Alternating: a step is a batch of one task, the sampler says of which; an epoch has as many steps as
/// the tasks have batches, ceil(rows / batch_size) each, the last batch of a pass short. Joint: a step has one batch of
/// every task; an epoch has the steps of the longest task, shorter ones wrap into a new permutation. Tasks that share
/// texts are drawn together: one batch of texts, each carrying every label it has (a task whose label all of them lack
/// is absent from that step). In both, the order of a task's examples is a permutation of (run seed, task, pass).
class INFOMTL_API TrainingStream {
 public:
  static constexpr std::size_t kAhead = 2;  ///< steps
  /// @param dataset, tokens  kept by reference; @param tokens  of the training split
  /// @param epochs  planned ones, for the samplers that look at them; the stream itself never ends
  /// @param prefetch  steps prepared ahead; 0: none, and no thread
  /// @param pinned  whether their batches are StepBatch::pinned(), for a GPU
  /// @throws ConfigError when a task has no training rows, or joint_batch_size "total" is less than one row per task
  TrainingStream(const Dataset& dataset, const TokenizedTexts& tokens, std::shared_ptr<const Sampler> sampler,
                 const BatchingSettings& settings, std::uint64_t run_seed, std::int64_t epochs,
                 std::int64_t first_step = 0, std::size_t prefetch = kAhead, bool pinned = false);
  ~TrainingStream();
  TrainingStream(const TrainingStream&) = delete;
  TrainingStream& operator=(const TrainingStream&) = delete;

  /// Waits for the next step. What its preparation threw is thrown here.
  TrainingStep next();
  std::int64_t steps_per_epoch() const;

  /// Another batch for the tasks of a step, for methods that need several: rows drawn uniformly without repeats, as
  /// many as a full batch has, a function of (run seed, step, index). Independent of every other batch. Thread-safe.
  StepBatch independent_batch(std::int64_t step, std::uint64_t index) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Steps an epoch has under these settings, from row counts alone.
INFOMTL_API std::int64_t steps_per_epoch(const Dataset& dataset, const BatchingSettings& settings);

}  // namespace infomtl
