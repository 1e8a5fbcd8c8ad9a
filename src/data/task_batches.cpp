#include "infomtl/data/task_batches.h"

#include <utility>

#include "infomtl/data/evaluation_stream.h"
#include "infomtl/data/samplers.h"

namespace infomtl {

TaskBatches::TaskBatches(std::shared_ptr<const TaskData> data, BatchingSettings settings,
                         std::shared_ptr<const Sampler> sampler, std::uint64_t seed, std::int64_t epochs)
    : data_(std::move(data)),
      settings_(std::move(settings)),
      sampler_(sampler == nullptr ? samplers::proportional() : std::move(sampler)),
      seed_(seed),
      epochs_(epochs),
      steps_(infomtl::steps_per_epoch(data_->dataset(), settings_)) {}

const std::vector<Task>& TaskBatches::tasks() const { return data_->dataset().tasks; }

TrainingStream& TaskBatches::stream_at(std::int64_t step) {
  if (stream_ == nullptr || step != next_) {
    stream_.reset();  // its thread ends before another begins
    stream_ = std::make_unique<TrainingStream>(data_->dataset(), data_->tokens(Split::train), sampler_, settings_,
                                               seed_, epochs_, step, TrainingStream::kAhead, pinned_);
    next_ = step;
  }
  return *stream_;
}

TrainingStep TaskBatches::step(std::int64_t number) {
  TrainingStep step = stream_at(number).next();
  ++next_;
  return step;
}

StepBatch TaskBatches::independent_batch(std::int64_t step, std::uint64_t index) {
  return (stream_ == nullptr ? stream_at(step) : *stream_).independent_batch(step, index);
}

std::string TaskBatches::fingerprint() {
  if (fingerprint_.empty()) fingerprint_ = infomtl::fingerprint(data_->dataset().split(Split::train));
  return fingerprint_;
}

std::int64_t TaskBatches::rows(Split split, std::size_t task) const {
  return static_cast<std::int64_t>(data_->dataset().split(split).tasks.at(task).size());
}

BatchReader TaskBatches::evaluation(Split split, std::int64_t batch_size) {
  const auto stream = std::make_shared<EvaluationStream>(data_->dataset(), split, data_->tokens(split), batch_size);
  return [stream, data = data_] { return stream->next(); };
}

}  // namespace infomtl
