#pragma once
// Batch source: where a trainer gets its batches from. TaskBatches reads them from the texts of tasks; a program may
// have one of its own: cached, sharded, synthetic.
//
//   class Cached final : public BatchSource {
//     const std::vector<Task>& tasks() const override { return tasks_; }
//     std::int64_t steps_per_epoch() const override { return std::ssize(steps_); }
//     TrainingStep step(std::int64_t number) override;   // a function of the number: runs continue exactly
//   };
//   Trainer trainer({.epochs = 3}, model, objective, equal_weighting(), std::make_unique<Cached>(...));

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/regime.h"
#include "infomtl/data/dataset.h"
#include "infomtl/data/step_batch.h"

namespace infomtl {

struct TrainingStep {
  std::int64_t step = 0;           ///< from 0, over the whole run
  std::int64_t epoch = 0;          ///< from 0
  std::int64_t step_of_epoch = 0;  ///< from 0
  bool last_of_epoch = false;
  /// One, or `accumulate` of them, fewer when the batch has fewer rows. Together they are the step's batch, whatever
  /// `accumulate` is; sizes differ by one row at most.
  std::vector<StepBatch> micro_batches = {};
};

/// The batches of one split, one after the other, each labelled row once; nothing at the end.
using BatchReader = std::function<std::optional<StepBatch>()>;

/// Not thread-safe: one trainer reads it, from one thread at a time.
class INFOMTL_API BatchSource {
 public:
  virtual ~BatchSource() = default;

  /// Those of the model, in its order.
  virtual const std::vector<Task>& tasks() const = 0;
  virtual std::int64_t steps_per_epoch() const = 0;
  /// Where the batches of step() will be copied to, told before the first of them: one for a GPU may lie in pinned memory.
  virtual void prepare_for(torch::Device /*device*/) {}
  /// The step of that number, counted from 0 over the run. A function of the number; asked for in order, but for a run
  /// that goes on from a checkpoint.
  virtual TrainingStep step(std::int64_t number) = 0;

  virtual Regime regime() const { return Regime::alternating; }
  /// Alternating: whether tasks come up in proportion to their rows over an epoch.
  virtual bool sampled_by_size() const { return false; }
  /// Another batch for the tasks of a step, for methods that need several: a function of (step, index).
  /// @throws StateError where the source has none
  virtual StepBatch independent_batch(std::int64_t step, std::uint64_t index);
  /// Tells training data apart: a run goes on only over data of one fingerprint. Empty: any data will do.
  virtual std::string fingerprint() { return ""; }

  /// Labelled rows of a task in a split; 0 where there is nothing to evaluate.
  virtual std::int64_t rows(Split /*split*/, std::size_t /*task*/) const { return 0; }
  /// The split for evaluation, in batches of so many texts.
  virtual BatchReader evaluation(Split split, std::int64_t batch_size);
};

}  // namespace infomtl
