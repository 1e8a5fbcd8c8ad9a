#include "infomtl/data/training_stream.h"

#include <mutex>
#include <utility>

#include "data/batch_plan.h"
#include "data/prefetcher.h"
#include "infomtl/core/errors.h"

namespace infomtl {

struct TrainingStream::State {
  const Dataset& dataset;
  const TokenizedTexts& tokens;
  BatchingSettings settings;
  data::BatchPlan plan;
  std::int64_t next_step;
  bool pinned;
  std::mutex extra_mutex;
  data::BatchPlan independent_plan;
  data::Prefetcher<TrainingStep> prefetcher;  // last: its thread uses the rest

  State(const Dataset& all, const TokenizedTexts& with, const std::shared_ptr<const Sampler>& sampler,
        const BatchingSettings& batching, std::uint64_t run_seed, std::int64_t epochs, std::int64_t first_step,
        std::size_t prefetch, bool in_pinned_memory)
      : dataset(all),
        tokens(with),
        settings(batching),
        plan(data::text_pools(all.split(Split::train), all.tasks, batching), batching, sampler, run_seed, epochs,
             [this](std::int32_t sequence) {
               tokens.wait();
               return tokens.length(static_cast<std::size_t>(sequence));
             }),
        next_step(first_step),
        pinned(in_pinned_memory),
        independent_plan(plan),
        prefetcher([this]() -> std::optional<TrainingStep> { return prepare(next_step++); }, prefetch) {}

  StepBatch assembled(const std::vector<TextSelection>& selections) const {
    return assemble(selections, dataset.tasks, dataset.split(Split::train), tokens, TokenlessWords::leave_out);
  }

  TrainingStep prepare(std::int64_t number) {
    const std::int64_t steps = plan.steps_per_epoch();
    TrainingStep step{.step = number, .epoch = number / steps, .step_of_epoch = number % steps};
    step.last_of_epoch = step.step_of_epoch + 1 == steps;
    for (const auto& selections : data::micro_batches(plan.step(number), settings.accumulate)) {
      StepBatch batch = assembled(selections);
      step.micro_batches.push_back(pinned ? batch.pinned() : std::move(batch));
    }
    return step;
  }
};

TrainingStream::TrainingStream(const Dataset& dataset, const TokenizedTexts& tokens,
                               std::shared_ptr<const Sampler> sampler, const BatchingSettings& settings,
                               std::uint64_t run_seed, std::int64_t epochs, std::int64_t first_step,
                               std::size_t prefetch, bool pinned) {
  if (tokens.size() != dataset.split(Split::train).texts.size()) {
    throw StateError("TrainingStream: the tokenized texts are not those of the training split");
  }
  state_ = std::make_unique<State>(dataset, tokens, sampler, settings, run_seed, epochs, first_step, prefetch, pinned);
}

TrainingStream::~TrainingStream() = default;

TrainingStep TrainingStream::next() { return std::move(*state_->prefetcher.next()); }

std::int64_t TrainingStream::steps_per_epoch() const { return state_->plan.steps_per_epoch(); }

StepBatch TrainingStream::independent_batch(std::int64_t step, std::uint64_t index) const {
  std::vector<TextSelection> selections;
  {
    const std::lock_guard lock(state_->extra_mutex);
    selections = state_->independent_plan.independent(step, index);
  }
  return state_->assembled(selections);
}

std::int64_t steps_per_epoch(const Dataset& dataset, const BatchingSettings& settings) {
  return data::steps_per_epoch(data::text_pools(dataset.split(Split::train), dataset.tasks, settings), settings);
}

}  // namespace infomtl
