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
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/data/packing.h"
#include "infomtl/data/sampler.h"

namespace infomtl {

struct BatchingSettings {
  std::int64_t batch_size = 32;
  std::string regime = "alternating";
  std::string joint_batch_size = "per_task";
  std::int64_t accumulate = 1;
  std::int64_t length_window = 0;

  void fields(FieldVisitor& f) {
    f.field("batch_size", batch_size, "examples of a step; see joint_batch_size for the joint regime", at_least(1));
    f.choice("regime", regime, {"alternating", "joint", "single"},
             "one task per step, one batch of every task per step, or one model per task");
    f.choice("joint_batch_size", joint_batch_size, {"per_task", "total"},
             "whether batch_size counts the examples of each task or of all tasks together");
    f.field("accumulate", accumulate,
            "micro-batches that a step's batch is cut into; their gradients add up to its own", at_least(1));
    f.field(
        "length_window", length_window,
        "batches of like length: so many batches' worth of shuffled examples are ordered by length and cut, and the "
        "batches shuffled; 0 is off",
        at_least(0));
  }
};

struct TrainingStep {
  std::int64_t step = 0;           ///< from 0, over the whole run
  std::int64_t epoch = 0;          ///< from 0
  std::int64_t step_of_epoch = 0;  ///< from 0
  bool last_of_epoch = false;
  /// One, or `accumulate` of them, fewer when the batch has fewer rows. Together they are the step's batch, whatever
  /// `accumulate` is; sizes differ by one row at most.
  std::vector<StepBatch> micro_batches = {};
};

/// Alternating (and single): a step is a batch of one task, the sampler says of which; an epoch has as many steps as
/// the tasks have batches, ceil(rows / batch_size) each, the last batch of a pass short. Joint: a step has one batch of
/// every task; an epoch has the steps of the longest task, shorter ones wrap into a new permutation. Tasks that share
/// texts are drawn together: one batch of texts, each carrying every label it has (a task whose label all of them lack
/// is absent from that step). In both, the order of a task's examples is a permutation of (run seed, task, pass).
class INFOMTL_API TrainingStream {
 public:
  /// @param dataset, tokens  kept by reference; @param tokens  of the training split
  /// @param epochs  planned ones, for the samplers that look at them; the stream itself never ends
  /// @param prefetch  steps prepared ahead; 0: none, and no thread
  /// @throws ConfigError when a task has no training rows, or joint_batch_size "total" is less than one row per task
  TrainingStream(const Dataset& dataset, const TokenizedTexts& tokens, std::shared_ptr<const Sampler> sampler,
                 const BatchingSettings& settings, std::uint64_t run_seed, std::int64_t epochs,
                 std::int64_t first_step = 0, std::size_t prefetch = 2);
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
