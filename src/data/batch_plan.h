#pragma once
// Batch plan: which texts each step of a run trains on. Every answer is a function of (run seed, step); what is kept
// between calls only saves work.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/data/batching.h"
#include "infomtl/data/packing.h"
#include "infomtl/data/sampler.h"

namespace infomtl::data {

/// What batches are drawn from: one task's examples, or (joint) the texts of tasks that share them.
struct TextPool {
  std::vector<std::size_t> tasks;
  std::vector<std::int32_t> sequences;
  std::string name;
  std::int64_t batch_size = 1;

  std::int64_t batches() const { return (std::ssize(sequences) + batch_size - 1) / batch_size; }
};

/// The pools of a training split. @throws ConfigError
std::vector<TextPool> text_pools(const SplitData& train, const std::vector<Task>& tasks,
                                 const BatchingSettings& settings);
std::int64_t steps_per_epoch(const std::vector<TextPool>& pools, const BatchingSettings& settings);

class BatchPlan {
 public:
  using Length = std::function<std::int32_t(std::int32_t sequence)>;

  /// @param length  of a text in tokens, asked only when settings.length_window > 0
  BatchPlan(std::vector<TextPool> pools, const BatchingSettings& settings, std::shared_ptr<const Sampler> sampler,
            std::uint64_t run_seed, std::int64_t epochs, Length length);

  std::int64_t steps_per_epoch() const { return steps_; }
  /// The batch of a step: one selection in the alternating regime, one per pool in the joint one.
  std::vector<TextSelection> step(std::int64_t step);
  /// The same tasks, other rows: see TrainingStream::independent_batch.
  std::vector<TextSelection> independent(std::int64_t step, std::uint64_t index);

 private:
  struct Drawn {
    std::size_t pool;
    std::int64_t batch;  ///< counted over the run
  };
  std::vector<Drawn> drawn(std::int64_t step);
  std::vector<std::int32_t> sampled_tasks(std::int64_t epoch) const;
  void open_epoch(std::int64_t epoch);
  const std::vector<std::int32_t>& pass_order(std::size_t pool, std::int64_t pass);
  TextSelection batch(std::size_t pool, std::int64_t batch);

  std::vector<TextPool> pools_;
  BatchingSettings settings_;
  std::shared_ptr<const Sampler> sampler_;
  std::uint64_t run_seed_;
  std::int64_t epochs_;
  Length length_;
  bool joint_;
  std::int64_t steps_;

  std::int64_t epoch_ = -1;
  std::vector<std::int64_t> batches_before_;  ///< of each pool, in the epochs before epoch_
  std::vector<Drawn> epoch_plan_;
  struct Pass {
    std::int64_t number = -1;
    std::vector<std::int32_t> sequences;
  };
  std::vector<Pass> passes_;
};

/// Cuts a step's batch into at most `count` micro-batches that hold each selection's rows in turn, evenly.
std::vector<std::vector<TextSelection>> micro_batches(const std::vector<TextSelection>& batch, std::int64_t count);

}  // namespace infomtl::data
