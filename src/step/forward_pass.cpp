#include "infomtl/step/forward_pass.h"

#include <algorithm>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/step/loss_checks.h"
#include "step/encoded_task.h"

namespace infomtl {

std::uint64_t ForwardContext::seed_of(std::string_view purpose) const {
  std::uint64_t result = derive_seed(seed, purpose, static_cast<std::uint64_t>(step));
  if (micro_batch != 0) result = derive_seed(result, "micro_batch", static_cast<std::uint64_t>(micro_batch));
  if (independent != 0) {
    result = derive_seed(result, "independent", static_cast<std::uint64_t>(independent));
  }
  return result;
}

EncodedPass::EncodedPass(const ForwardContext& given, StepBatch rows, std::shared_ptr<ops::GradientSink> its_sink,
                         RowOwner whose, Reencoded again)
    : context(given), batch(std::move(rows)), sink(std::move(its_sink)), owner(whose), reencoded(std::move(again)) {
  bool tokens_are_read = false;
  for (std::size_t t = 0; t < context.model->tasks().size(); ++t) {
    Head& head = context.model->head(t);
    if (context.training) head.begin_step(context.step);
    tokens_are_read = tokens_are_read || head.reads_tagging_heads() || head.reads_token_states();
  }
  token_states = tokens_are_read;
  if (context.training) context.model->architecture().begin_step(context.step);
  for (const TaskBatch& task : batch.tasks) {
    needs.push_back(context.objective == nullptr ? Needs{} : context.objective->needs(task_at(task.task)));
    const bool all_views = context.training && owner == RowOwner::task && reencoded.places == 0;
    views.push_back(all_views ? needs.back().views : 1);
    // Such gradients pass by the owners of rows.
    if (needs.back().parameters || (needs.back().other_tasks && batch.tasks.size() > 1)) sink = nullptr;
    token_states = token_states || needs.back().token_states || context.model->needs_token_states(task.task);
  }
  if (owner == RowOwner::row && batch.tasks.size() != 1) {
    throw StateError("rows can own gradients in a pass of one task only");
  }
  leaves.resize(batch.tasks.size());
  for (std::size_t k = 0; k < batch.tasks.size(); ++k) {
    tasks.push_back(std::make_unique<EncodedTask>(*this, k));
    steps.push_back(tasks.back().get());
  }
}

void EncodedPass::encode() {
  if (encoded) return;
  encoded = true;
  const bool apart = context.model->architecture().changes_embeddings();
  viewed = with_views(batch, views, apart ? SharedSequences::per_task : SharedSequences::once);
  if (!viewed.sequence_ranges.empty()) {
    if (owner == RowOwner::row) give_to_rows(viewed);
    if (reencoded.places > 0) give_to_one(viewed, reencoded.place, reencoded.places);
  }

  EncodeOptions options;
  options.pooling = context.model->pooling();
  options.precision = context.model->precision();
  options.token_states = token_states;
  options.layer_states = context.model->architecture().needs_layers();
  ops::TensorRandom dropout(context.seed_of("dropout" + reencoded.name), device());
  if (context.training) options.dropout = &dropout;
  segmented = sink != nullptr && !viewed.sequence_ranges.empty();
  if (segmented) {
    options.segments = std::make_shared<ops::GradientSegments>(viewed.token_ranges, viewed.sequence_ranges, sink);
  }

  options.embedding_offset = embedding_offset();
  output = context.model->encoder().forward(viewed.tokens, options);
  if (context.training && context.encoded_sequences != nullptr) {
    *context.encoded_sequences += viewed.tokens.sequences();
  }
  if (!context.training || !at::GradMode::is_enabled()) return;
  // Behind an encoder that rests gradients end at what it gave, where weightings may ask for them.
  for (Tensor* const states : {&output.pooled, &output.tokens, &output.layers}) {
    if (states->defined() && !states->requires_grad()) states->set_requires_grad(true);
  }
}

Tensor EncodedPass::embedding_offset() {
  Encoder& encoder = context.model->encoder();
  Tensor offset;
  const auto add = [&](const Tensor& tokens, const Tensor& rows) {
    if (!offset.defined()) {
      offset = torch::zeros({viewed.tokens.tokens(), rows.size(1)}, rows.options().requires_grad(false));
    }
    offset = offset.index_add(0, ops::copied_to(tokens, device()), rows);
  };
  Architecture& architecture = context.model->architecture();
  if (architecture.changes_embeddings()) {
    const Tensor words = encoder.word_embeddings(viewed.tokens);
    for (std::size_t k = 0; k < batch.tasks.size(); ++k) {
      const Tensor tokens = token_rows(viewed.tokens.offsets, at::cat(viewed.host_rows[k]));
      const Tensor added =
          architecture.embedding_offset(batch.tasks[k].task, words.index_select(0, ops::copied_to(tokens, device())));
      if (added.defined()) add(tokens, added);
    }
  }
  for (std::size_t k = 0; k < batch.tasks.size(); ++k) {
    if (!context.training || !needs[k].embeddings || !at::GradMode::is_enabled()) continue;
    const Tensor tokens = own_tokens(k);
    leaves[k] = torch::zeros({tokens.size(0), encoder.embedding_width()},
                             torch::TensorOptions().device(device()).requires_grad(true));
    add(tokens, leaves[k]);
  }
  if (reencoded.offset.defined()) add(own_tokens(reencoded.offset_task), reencoded.offset);
  return offset;
}

ForwardPass::ForwardPass(const ForwardContext& context, StepBatch batch, std::shared_ptr<ops::GradientSink> sink,
                         RowOwner owner)
    : implementation_(
          std::make_unique<EncodedPass>(context, std::move(batch), std::move(sink), owner, EncodedPass::Reencoded{})) {}

ForwardPass::~ForwardPass() = default;

TaskStep& ForwardPass::task(std::size_t k) { return *implementation_->tasks.at(k); }
const StepBatch& ForwardPass::batch() const { return implementation_->batch; }
bool ForwardPass::segmented() const { return implementation_->segmented; }

std::vector<Tensor> ForwardPass::encoder_outputs(std::size_t k) {
  return implementation_->tasks.at(k)->encoder_outputs();
}

namespace {

/// At once, or later with the step's other losses.
void check_finite(const ForwardContext& context, const TaskLoss& loss, const TaskStep& step, const char* what) {
  LossChecks now;
  (context.unchecked == nullptr ? now : *context.unchecked).add(context, loss, step, what);
  now.check();
}

}  // namespace

TaskLoss ForwardPass::loss(std::size_t k, const std::vector<std::int64_t>& totals) {
  TaskLoss found = implementation_->context.objective->compute(task(k), totals);
  check_finite(implementation_->context, found, task(k), "loss");
  return found;
}

TaskLoss ForwardPass::penalties(std::size_t k, const std::vector<std::int64_t>& totals, bool records) {
  implementation_->context.records = records;
  TaskLoss found = implementation_->context.objective->compute_penalties(task(k), totals);
  check_finite(implementation_->context, found, task(k), "penalty");
  return found;
}

}  // namespace infomtl
