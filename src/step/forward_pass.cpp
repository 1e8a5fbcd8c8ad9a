#include "infomtl/step/forward_pass.h"

#include <map>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"

namespace infomtl {
namespace {

/// Host copies of small index tensors.
std::vector<std::int64_t> to_vector(const Tensor& indices) {
  const Tensor host = indices.to(torch::kCPU, torch::kInt64).contiguous();
  return {host.data_ptr<std::int64_t>(), host.data_ptr<std::int64_t>() + host.numel()};
}

Tensor to_tensor(const std::vector<std::int64_t>& values, torch::Device device = torch::kCPU) {
  return torch::tensor(values, torch::kInt64).to(device);
}

}  // namespace

std::uint64_t ForwardContext::seed_of(std::string_view purpose) const {
  std::uint64_t result = derive_seed(seed, purpose, static_cast<std::uint64_t>(step));
  if (micro_batch != 0) result = derive_seed(result, "micro_batch", static_cast<std::uint64_t>(micro_batch));
  if (independent != 0) {
    result = derive_seed(result, "independent", static_cast<std::uint64_t>(independent));
  }
  return result;
}

Tensor token_rows(const Tensor& offsets, const Tensor& sequences) {
  const std::vector<std::int64_t> begins = to_vector(offsets);
  std::vector<std::int64_t> rows;
  for (const std::int64_t sequence : to_vector(sequences)) {
    const auto s = static_cast<std::size_t>(sequence);
    for (std::int64_t row = begins.at(s); row < begins.at(s + 1); ++row) rows.push_back(row);
  }
  return to_tensor(rows);
}

StepBatch only_task(const StepBatch& batch, std::size_t k) {
  const TaskBatch& task = batch.tasks.at(k);
  const std::vector<std::int64_t> begins = to_vector(batch.tokens.offsets);
  std::map<std::int64_t, std::int64_t> place;  // sequence -> its number in the result, in order of first use
  std::vector<std::int64_t> kept, rows;
  for (const std::int64_t sequence : to_vector(task.rows)) {
    const auto [found, fresh] = place.try_emplace(sequence, static_cast<std::int64_t>(kept.size()));
    if (fresh) kept.push_back(sequence);
    rows.push_back(found->second);
  }
  std::vector<std::int32_t> offsets = {0};
  for (const std::int64_t sequence : kept) {
    const auto s = static_cast<std::size_t>(sequence);
    offsets.push_back(offsets.back() + static_cast<std::int32_t>(begins[s + 1] - begins[s]));
  }
  const torch::Device device = batch.tokens.ids.device();
  const Tensor tokens = token_rows(batch.tokens.offsets, to_tensor(kept)).to(device);
  StepBatch result;
  result.tokens.ids = batch.tokens.ids.index_select(0, tokens);
  result.tokens.positions = batch.tokens.positions.index_select(0, tokens);
  result.tokens.type_ids = batch.tokens.type_ids.index_select(0, tokens);
  result.tokens.offsets = torch::tensor(offsets, torch::kInt32);
  TaskBatch reduced = task;
  reduced.rows = to_tensor(rows, task.rows.device());
  if (task.words.defined()) {
    const std::vector<std::int64_t> words = to_vector(task.words), word_offsets = to_vector(task.word_offsets);
    const std::vector<std::int64_t> sequences = to_vector(task.rows);
    std::vector<std::int64_t> moved;
    for (std::size_t row = 0; row < sequences.size(); ++row) {
      const std::int64_t from = begins[static_cast<std::size_t>(sequences[row])];
      const std::int64_t to = offsets[static_cast<std::size_t>(rows[row])];
      for (std::int64_t w = word_offsets[row]; w < word_offsets[row + 1]; ++w) {
        moved.push_back(words[static_cast<std::size_t>(w)] - from + to);
      }
    }
    reduced.words = to_tensor(moved, task.words.device());
  }
  result.tasks.push_back(std::move(reduced));
  return result;
}

/// One task of the pass; everything is computed when first asked for.
class ForwardPass::EncodedTask final : public TaskStep {
 public:
  EncodedTask(ForwardPass& pass, std::size_t k)
      : pass_(pass),
        k_(k),
        shared_(static_cast<std::size_t>(pass.views_[k])),
        rows_(shared_.size()),
        representations_(shared_.size()),
        predictions_(shared_.size()) {}

  const Task& task() const override { return pass_.context_.model->tasks().at(batch().task); }
  std::size_t task_index() const override { return batch().task; }
  const TaskBatch& batch() const override { return pass_.batch_.tasks[k_]; }
  bool training() const override { return pass_.context_.training; }
  int views() const override { return static_cast<int>(shared_.size()); }
  std::int64_t step() const override { return pass_.context_.step; }
  const std::vector<TaskStep*>& batch_steps() const override { return pass_.steps_; }

  const Tensor& shared(int view) override {
    Tensor& found = shared_[checked(view)];
    if (!found.defined()) {
      pass_.encode();
      found = pass_.output_.pooled.index_select(0, pass_.viewed_.rows[k_][checked(view)]);
    }
    return found;
  }

  const SharedRows& rows(int view) {
    SharedRows& found = rows_[checked(view)];
    if (found.pooled.defined()) return found;
    if (pass_.context_.model->needs_token_states(task_index())) {
      pass_.encode();
      found.pooled = pass_.output_.tokens.index_select(0, pass_.words_of_view(k_, static_cast<int>(checked(view))));
      return found;
    }
    found.pooled = shared(view);
    if (pass_.output_.layers.defined()) {
      found.layers = pass_.output_.layers.index_select(0, pass_.viewed_.rows[k_][checked(view)]);
    }
    return found;
  }

  const TaskRepresentation& representation(int view) override {
    TaskRepresentation& found = representations_[checked(view)];
    if (!found.value.defined()) {
      ops::TensorRandom noise = random_of("architecture", view);
      found = pass_.context_.model->architecture().forward(task_index(), rows(view), training() ? &noise : nullptr);
    }
    return found;
  }

  const Prediction& prediction(int view) override {
    Prediction& found = predictions_[checked(view)];
    if (!found.output.defined()) {
      ops::TensorRandom dropout = random_of("head_dropout", view), noise = random_of("head_noise", view);
      HeadRandom random;
      if (training()) random = {&dropout, &noise};
      found = pass_.context_.model->head(task_index()).forward(representation(view).value, random);
    }
    return found;
  }

  const Tensor& token_states() override {
    if (!token_states_.defined()) {
      pass_.encode();
      if (!pass_.output_.tokens.defined()) {
        throw StateError("token states were not computed: no term of task \"" + task().name + "\" needs() them");
      }
      const Tensor& states = pass_.output_.tokens;
      token_states_ = states.index_select(0, own_tokens().to(states.device()));
    }
    return token_states_;
  }

  std::shared_ptr<TaskStep> reencode(const Reencoding& options) override {
    ForwardContext context = pass_.context_;
    // The masks of the pass are drawn for all its rows at once: repeating them takes the whole pass, new ones only the
    // task's own rows.
    const bool whole = options.same_dropout;
    auto again = std::make_shared<ForwardPass>(context, whole ? pass_.batch_ : only_task(pass_.batch_, k_),
                                               pass_.segmented_ ? pass_.sink_ : nullptr);
    const std::size_t k = whole ? k_ : 0;
    if (whole) {
      again->variant_ = pass_.variant_;
    } else {
      again->variant_ = pass_.variant_ + "/" + task().name + "/" + std::to_string(++pass_.reencodings_);
      again->views_[0] = 1;
      again->segment_ = k_;
      again->segments_ = pass_.size();
      again->tasks_[0] = std::make_unique<EncodedTask>(*again, 0);
      again->steps_ = {again->tasks_[0].get()};
    }
    again->offset_ = options.embedding_offset;
    again->offset_task_ = k;
    TaskStep* const step = &again->task(k);
    return {std::move(again), step};
  }

  Tensor embedding_leaf() override {
    pass_.encode();
    const Tensor& leaf = pass_.leaves_[k_];
    if (!leaf.defined()) {
      throw StateError("there is no embedding leaf: no term of task \"" + task().name + "\" needs() embeddings");
    }
    return leaf;
  }

  Tensor token_offsets() override {
    pass_.encode();
    const Tensor lengths = pass_.viewed_.tokens.offsets.to(torch::kInt64).diff();
    const Tensor own = lengths.index_select(0, pass_.viewed_.rows[k_][0].to(torch::kCPU));
    return at::cat({torch::zeros({1}, torch::kInt64), own.cumsum(0)}).to(device());
  }

  const MultiTaskModel& model() const override { return *pass_.context_.model; }

  ops::TensorRandom random(std::string_view purpose) override {
    return ops::TensorRandom(
        pass_.context_.seed_of("term/" + std::string(purpose) + "/" + task().name + pass_.variant_), device());
  }

  /// Rows of the pass's packed tokens that are this task's, view 0.
  Tensor own_tokens() const { return token_rows(pass_.viewed_.tokens.offsets, pass_.viewed_.rows[k_][0]); }

  std::vector<Tensor> cut() {
    std::vector<Tensor> used;
    for (const SharedRows& rows : rows_) {
      if (rows.pooled.defined()) used.push_back(rows.pooled);
    }
    if (used.size() < shared_.size()) {
      for (const Tensor& view : shared_) {
        const auto same = [&](const Tensor& other) { return other.is_same(view); };
        if (view.defined() && std::none_of(used.begin(), used.end(), same)) used.push_back(view);
      }
    }
    return used;
  }

 private:
  torch::Device device() const { return pass_.batch_.tokens.ids.device(); }
  std::size_t checked(int view) const {
    if (!training()) return 0;
    if (view < 0 || view >= views()) {
      throw StateError("view " + std::to_string(view) + " of task \"" + task().name +
                       "\" was not encoded: its terms need " + std::to_string(views()));
    }
    return static_cast<std::size_t>(view);
  }
  ops::TensorRandom random_of(std::string_view purpose, int view) const {
    const std::string name = std::string(purpose) + "/" + task().name + "/" + std::to_string(view) + pass_.variant_;
    return ops::TensorRandom(pass_.context_.seed_of(name), device());
  }

  ForwardPass& pass_;
  std::size_t k_;
  std::vector<Tensor> shared_;
  std::vector<SharedRows> rows_;
  std::vector<TaskRepresentation> representations_;
  std::vector<Prediction> predictions_;
  Tensor token_states_;
};

ForwardPass::ForwardPass(const ForwardContext& context, StepBatch batch, std::shared_ptr<ops::GradientSink> sink)
    : context_(context), batch_(std::move(batch)), sink_(std::move(sink)) {
  if (context_.training) context_.model->architecture().begin_step(context_.step);
  for (const TaskBatch& rows : batch_.tasks) {
    const Needs needs =
        context_.objective == nullptr ? Needs{} : context_.objective->needs(context_.model->tasks().at(rows.task));
    views_.push_back(context_.training ? needs.views : 1);
    if (needs.parameters) sink_ = nullptr;  // such a gradient passes by the segments
    token_states_ = token_states_ || needs.token_states || context_.model->needs_token_states(rows.task);
  }
  leaves_.resize(batch_.tasks.size());
  for (std::size_t k = 0; k < batch_.tasks.size(); ++k) {
    tasks_.push_back(std::make_unique<EncodedTask>(*this, k));
    steps_.push_back(tasks_.back().get());
  }
}

ForwardPass::~ForwardPass() = default;

TaskStep& ForwardPass::task(std::size_t k) { return *tasks_.at(k); }

std::vector<Tensor> ForwardPass::cut(std::size_t k) { return tasks_.at(k)->cut(); }

void ForwardPass::encode() {
  if (encoded_) return;
  encoded_ = true;
  viewed_ = with_views(batch_, views_);
  const torch::Device device = viewed_.tokens.ids.device();

  EncodeOptions options;
  options.pooling = context_.model->pooling();
  options.precision = context_.model->precision();
  options.token_states = token_states_;
  options.layer_states = context_.model->architecture().needs_layers();
  ops::TensorRandom dropout(context_.seed_of("dropout" + variant_), device);
  if (context_.training) options.dropout = &dropout;
  if (sink_ != nullptr && !viewed_.sequence_ranges.empty()) {
    segmented_ = true;
    auto tokens = viewed_.token_ranges, sequences = viewed_.sequence_ranges;
    if (segments_ > 0) {  // one task's rows, but the sink has a row for every task of the step
      const std::int64_t last_token = viewed_.tokens.tokens(), last_sequence = viewed_.tokens.sequences();
      tokens.assign(segments_, {last_token, last_token});
      sequences.assign(segments_, {last_sequence, last_sequence});
      for (std::size_t t = 0; t <= segment_; ++t) {
        tokens[t] = {0, t == segment_ ? last_token : 0};
        sequences[t] = {0, t == segment_ ? last_sequence : 0};
      }
    }
    options.segments = std::make_shared<ops::GradientSegments>(std::move(tokens), std::move(sequences), sink_);
  }

  const auto add_offset = [&](std::size_t k, const Tensor& rows) {
    if (!options.embedding_offset.defined()) {
      options.embedding_offset = torch::zeros({viewed_.tokens.tokens(), context_.model->encoder().width()},
                                              rows.options().requires_grad(false));
    }
    options.embedding_offset = options.embedding_offset.index_add(0, tasks_[k]->own_tokens().to(device), rows);
  };
  for (std::size_t k = 0; k < batch_.tasks.size(); ++k) {
    const Task& task = tasks_[k]->task();
    if (!context_.training || context_.objective == nullptr || !context_.objective->needs(task).embeddings) continue;
    if (!at::GradMode::is_enabled()) continue;
    const std::int64_t tokens = tasks_[k]->own_tokens().size(0);
    leaves_[k] = torch::zeros({tokens, context_.model->encoder().width()},
                              torch::TensorOptions().device(device).requires_grad(true));
    add_offset(k, leaves_[k]);
  }
  if (offset_.defined()) add_offset(offset_task_, offset_);
  output_ = context_.model->encoder().forward(viewed_.tokens, options);
  if (!context_.training || !at::GradMode::is_enabled()) return;
  // Behind an encoder that rests gradients end at what it gave, where weightings may ask for them.
  for (Tensor* const states : {&output_.pooled, &output_.tokens, &output_.layers}) {
    if (states->defined() && !states->requires_grad()) states->set_requires_grad(true);
  }
}

Tensor ForwardPass::words_of_view(std::size_t k, int view) const {
  const Tensor& words = viewed_.words[k];
  if (view == 0) return words;
  const Tensor begins = viewed_.tokens.offsets.to(torch::kInt64);
  const auto begin_of = [&](int v) {
    return begins.index_select(0, viewed_.rows[k][static_cast<std::size_t>(v)].to(torch::kCPU));
  };
  const Tensor counts = batch_.tasks[k].word_offsets.to(torch::kCPU).diff();
  const Tensor shift = (begin_of(view) - begin_of(0)).repeat_interleave(counts);
  return words + shift.to(words.device());
}

TaskLoss ForwardPass::loss(std::size_t k, const std::vector<std::int64_t>& totals) {
  TaskLoss result = context_.objective->compute(*tasks_.at(k), totals);
  if (!at::isfinite(result.value).item<bool>()) {
    for (const TermPart& part : result.parts) {
      if (at::isfinite(part.sum).item<bool>()) continue;
      throw NonFiniteError("step " + std::to_string(context_.step + 1) + ", task \"" + tasks_[k]->task().name +
                           "\", loss \"" + part.term + "\": " + std::to_string(part.sum.item<double>()));
    }
    throw NonFiniteError("step " + std::to_string(context_.step + 1) + ", task \"" + tasks_[k]->task().name +
                         "\": the weighted loss is not finite");
  }
  return result;
}

}  // namespace infomtl
