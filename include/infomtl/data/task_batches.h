#pragma once
// Task batches: the batch source over the texts and labels of tasks, prepared ahead on a background thread.
//
//   TaskBatches batches(data, {.batch_size = 128, .regime = Regime::joint}, samplers::proportional(), seed, epochs);
//   TrainingStep first = batches.step(0);

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/batch_source.h"
#include "infomtl/data/batching.h"
#include "infomtl/data/sampler.h"
#include "infomtl/data/task_data.h"
#include "infomtl/data/training_stream.h"

namespace infomtl {

class INFOMTL_API TaskBatches final : public BatchSource {
 public:
  /// @param sampler  of the alternating regime; null: proportional
  /// @param epochs  planned ones, for the samplers that look at them
  /// @throws ConfigError as TrainingStream
  TaskBatches(std::shared_ptr<const TaskData> data, BatchingSettings settings,
              std::shared_ptr<const Sampler> sampler = {}, std::uint64_t seed = 0, std::int64_t epochs = 1);

  const std::vector<Task>& tasks() const override;
  std::int64_t steps_per_epoch() const override { return steps_; }
  void prepare_for(torch::Device device) override { pinned_ = device.is_cuda(); }
  TrainingStep step(std::int64_t number) override;
  Regime regime() const override { return settings_.regime; }
  bool sampled_by_size() const override { return sampler_->by_size(); }
  StepBatch independent_batch(std::int64_t step, std::uint64_t index) override;
  std::string fingerprint() override;
  std::int64_t rows(Split split, std::size_t task) const override;
  BatchReader evaluation(Split split, std::int64_t batch_size) override;

 private:
  TrainingStream& stream_at(std::int64_t step);

  std::shared_ptr<const TaskData> data_;
  BatchingSettings settings_;
  std::shared_ptr<const Sampler> sampler_;
  std::uint64_t seed_;
  std::int64_t epochs_;
  std::int64_t steps_;
  bool pinned_ = false;
  std::unique_ptr<TrainingStream> stream_;
  std::int64_t next_ = 0;  ///< the step that the stream gives next
  std::string fingerprint_;
};

}  // namespace infomtl
