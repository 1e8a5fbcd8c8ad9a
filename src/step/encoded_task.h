#pragma once
// What a forward pass is made of: its state, and each task's step in it. Included by forward_pass.cpp alone.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/losses/objective.h"
#include "infomtl/losses/task_step.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/ops/device_copy.h"
#include "infomtl/step/forward_context.h"
#include "step/views.h"

namespace infomtl {

class EncodedTask;

struct EncodedPass {
  /// A pass that encodes the rows of one task of another pass again.
  struct Reencoded {
    std::string name;             ///< told apart from other passes of the step by random numbers
    std::size_t place = 0;        ///< of the task among those of the other pass
    std::size_t places = 0;       ///< their number; 0: not one task's rows alone
    std::size_t offset_task = 0;  ///< whose tokens the offset is for
    Tensor offset;                ///< added to the word embeddings
  };

  ForwardContext context;
  StepBatch batch;
  std::shared_ptr<ops::GradientSink> sink;
  RowOwner owner = RowOwner::task;
  Reencoded reencoded;
  int reencodings = 0;  ///< passes made from this one

  std::vector<Needs> needs;  ///< per task
  std::vector<int> views;    ///< per task
  bool token_states = false;

  bool encoded = false;
  bool segmented = false;
  ViewedBatch viewed;
  EncoderOutput output;
  std::vector<Tensor> leaves;  ///< per task, undefined unless a term asked
  std::vector<std::unique_ptr<EncodedTask>> tasks;
  std::vector<TaskStep*> steps;

  EncodedPass(const ForwardContext& given, StepBatch rows, std::shared_ptr<ops::GradientSink> its_sink, RowOwner whose,
              Reencoded again);
  void encode();
  /// What is added to the word embeddings [N, H]: by the architecture, by terms, by whoever encodes again.
  Tensor embedding_offset();
  /// Rows of the pass's packed tokens that are the k-th task's, view 0.
  Tensor own_tokens(std::size_t k) const { return token_rows(viewed.tokens.offsets, viewed.host_rows[k][0]); }
  torch::Device device() const { return batch.tokens.ids.device(); }
  const Task& task_at(std::size_t task) const { return context.model->tasks().at(task); }
};

/// One task on the rows of a task of the pass, its own or another's; everything is computed when first asked for.
class EncodedTask final : public TaskStep {
 public:
  /// The k-th task of the pass.
  EncodedTask(EncodedPass& pass, std::size_t k) : EncodedTask(pass, k, pass.batch.tasks[k], nullptr) {}

  const Task& task() const override { return pass_.task_at(batch_.task); }
  std::size_t task_index() const override { return batch_.task; }
  const TaskBatch& batch() const override { return batch_; }
  bool training() const override { return pass_.context.training; }
  int views() const override { return pass_.views[k_]; }
  std::int64_t step() const override { return pass_.context.step; }
  bool records() const override { return pass_.context.training && pass_.context.records; }
  const MultiTaskModel& model() const override { return *pass_.context.model; }

  const std::vector<TaskStep*>& batch_steps() const override {
    if (pass_.context.objective != nullptr && !pass_.needs[k_].other_tasks) {
      throw StateError("a term of task \"" + task().name +
                       "\" reads the rows of other tasks; it must say so: needs() {.other_tasks = true}");
    }
    return pass_.steps;
  }

  TaskStep& on_same_rows(std::size_t task) override {
    EncodedTask& own = owner_ == nullptr ? *this : *owner_;
    if (task == own.task_index()) return own;
    std::unique_ptr<EncodedTask>& found = own.others_[task];
    if (found == nullptr) {
      TaskBatch rows = own.batch_;
      rows.task = task;
      rows.labels = rows.host_labels = rows.examples = Tensor();
      found.reset(new EncodedTask(pass_, k_, std::move(rows), &own));
    }
    return *found;
  }

  const Tensor& shared(int view) override {
    if (owner_ != nullptr) return owner_->shared(view);
    Tensor& found = shared_[checked(view)];
    if (!found.defined()) {
      pass_.encode();
      found = pass_.output.pooled.index_select(0, pass_.viewed.rows[k_][checked(view)]);
    }
    return found;
  }

  const TaskRepresentation& representation(int view) override {
    TaskRepresentation& found = representations_[checked(view)];
    if (!found.value.defined()) {
      ops::TensorRandom noise = random_of("architecture", view);
      SharedRows read = rows(view);
      if (owner_ == nullptr && records() && view == 0) read.labels = labels();
      found = model().architecture().forward(task_index(), read, training() ? &noise : nullptr);
    }
    return found;
  }

  const Prediction& prediction(int view) override { return prediction(view, head().rounds() - 1); }

  /// What the head says in one of its rounds.
  const Prediction& prediction(int view, int round) {
    std::vector<Prediction>& rounds = predictions_[checked(view)];
    rounds.resize(static_cast<std::size_t>(head().rounds()));
    Prediction& found = rounds.at(static_cast<std::size_t>(round));
    if (found.output.defined()) return found;
    ops::TensorRandom dropout = random_of("head_dropout", view), noise = random_of("head_noise", view);
    HeadsOnRows others(*this, view, round);
    if (!weights_.has_value()) weights_ = model().architecture().head_weights(task_index());
    HeadInput input{.representation = representation(view).value,
                    .others = &others,
                    .round = round,
                    .weights = weights_.has_value() ? &*weights_ : nullptr};
    if (training()) input.random = {&dropout, &noise};
    if (head().reads_token_states()) add_token_states(input, view);
    found = head().forward(input);
    return found;
  }

  const Tensor& token_states() override {
    if (owner_ != nullptr) return owner_->token_states();
    if (!token_states_.defined()) {
      pass_.encode();
      const Tensor& states = pass_.output.tokens;
      if (!states.defined()) {
        throw StateError("token states were not computed: no term of task \"" + task().name + "\" needs() them");
      }
      token_states_ = states.index_select(0, ops::copied_to(pass_.own_tokens(k_), states.device()));
    }
    return token_states_;
  }

  std::shared_ptr<TaskStep> reencode(const Reencoding& options) override {
    ForwardContext context = pass_.context;
    context.records = false;
    // The masks of the pass are drawn for all its rows at once: repeating them takes the whole pass, new ones only the
    // task's own rows.
    const bool whole = options.same_dropout;
    EncodedPass::Reencoded again = pass_.reencoded;
    again.offset = options.embedding_offset;
    again.offset_task = whole ? k_ : 0;
    if (!whole) {
      const std::string& rows = pass_.task_at(pass_.batch.tasks[k_].task).name;
      again.name += "/" + rows + "/" + std::to_string(++pass_.reencodings);
      if (again.places == 0) again.place = k_, again.places = pass_.batch.tasks.size();
    }
    const auto made = std::make_shared<EncodedPass>(context, whole ? pass_.batch : only_task(pass_.batch, k_),
                                                    pass_.segmented ? pass_.sink : nullptr, pass_.owner, again);
    TaskStep* const step = &made->tasks[whole ? k_ : 0]->on_same_rows(task_index());
    return {made, step};
  }

  Tensor embedding_leaf() override {
    pass_.encode();
    const Tensor& leaf = pass_.leaves[k_];
    if (!leaf.defined()) {
      throw StateError("there is no embedding leaf: no term of task \"" + task().name + "\" needs() embeddings");
    }
    return leaf;
  }

  Tensor token_offsets() override {
    pass_.encode();
    return ops::copied_to(token_offsets_of(0), pass_.device());
  }

  ops::TensorRandom random(std::string_view purpose) override {
    return random_named("term/" + std::string(purpose) + "/" + name_of_rows());
  }

  /// What the architecture reads, of the views that were used.
  std::vector<Tensor> encoder_outputs() const {
    std::vector<Tensor> used;
    for (const SharedRows& rows : rows_) {
      if (rows.pooled.defined()) used.push_back(rows.pooled);
    }
    for (const auto& [task, other] : others_) {  // rows of another kind: words where these are sequences
      for (const SharedRows& rows : other->rows_) {
        if (rows.pooled.defined()) used.push_back(rows.pooled);
      }
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
  EncodedTask(EncodedPass& pass, std::size_t k, TaskBatch batch, EncodedTask* owner)
      : pass_(pass),
        k_(k),
        batch_(std::move(batch)),
        owner_(owner),
        shared_(static_cast<std::size_t>(pass.views[k])),
        rows_(shared_.size()),
        representations_(shared_.size()),
        predictions_(shared_.size()) {}

  /// The heads of all tasks on the rows of the one whose head is being computed.
  class HeadsOnRows final : public OtherHeads {
   public:
    HeadsOnRows(EncodedTask& asking, int view, int round)
        : asking_(asking),
          view_(view),
          round_(round),
          chain_((asking.owner_ == nullptr ? asking : *asking.owner_).computing_) {
      std::string name = asking.task().name;
      if (asking.head().rounds() > 1) name += ", round " + std::to_string(round);
      if (std::find(chain_.begin(), chain_.end(), name) != chain_.end()) {
        std::string circle;
        for (const std::string& head : chain_) circle += "\"" + head + "\" reads ";
        throw StateError("heads read each other in a circle: " + circle + "\"" + name + "\"");
      }
      chain_.push_back(name);
    }
    ~HeadsOnRows() override { chain_.pop_back(); }
    HeadsOnRows(const HeadsOnRows&) = delete;
    HeadsOnRows& operator=(const HeadsOnRows&) = delete;

    const std::vector<Task>& tasks() const override { return asking_.model().tasks(); }
    const Prediction& prediction(std::size_t task) override {
      auto& other = static_cast<EncodedTask&>(asking_.on_same_rows(task));
      const int rounds = other.head().rounds();
      if (rounds == 1 || asking_.head().rounds() == 1) return other.prediction(view_);
      if (round_ == 0) {
        throw StateError("the head of task \"" + asking_.task().name + "\" asks that of \"" + other.task().name +
                         "\" in round 0, before which nothing was said");
      }
      return other.prediction(view_, std::min(round_, rounds) - 1);
    }
    Tensor word_offsets(std::size_t task) override {
      return static_cast<EncodedTask&>(asking_.on_same_rows(task)).word_offsets();
    }

   private:
    EncodedTask& asking_;
    int view_, round_;
    std::vector<std::string>& chain_;
  };

  /// [B+1] int64 on the CPU, of the rows in a view; once encoded.
  Tensor token_offsets_of(std::size_t view) const {
    const Tensor lengths = pass_.viewed.tokens.offsets.to(torch::kInt64).diff();
    const Tensor own = lengths.index_select(0, pass_.viewed.host_rows[k_][view]);
    return at::cat({torch::zeros({1}, torch::kInt64), own.cumsum(0)});
  }

  void add_token_states(HeadInput& input, int view) {
    pass_.encode();
    const std::size_t place = checked(view);
    const Tensor& states = pass_.output.tokens;
    const Tensor tokens = token_rows(pass_.viewed.tokens.offsets, pass_.viewed.host_rows[k_][place]);
    input.token_states = states.index_select(0, ops::copied_to(tokens, states.device()));
    input.token_offsets = token_offsets_of(place);
  }

  Head& head() const { return model().head(task_index()); }
  bool reads_words() const { return model().needs_token_states(task_index()); }

  /// Of the task's words on these rows; undefined where its rows are sequences.
  Tensor word_offsets() {
    if (!reads_words()) return {};
    if (owner_ == nullptr) return batch_.word_offsets;
    if (owner_->reads_words()) return owner_->batch_.word_offsets;
    pass_.encode();
    return words_of_texts(pass_.viewed, k_, 0).offsets;
  }

  const SharedRows& rows(int view) {
    if (owner_ != nullptr && owner_->reads_words() == reads_words()) return owner_->rows(view);
    SharedRows& found = rows_[checked(view)];
    if (found.pooled.defined()) return found;
    if (reads_words()) {
      pass_.encode();
      if (!pass_.output.tokens.defined()) {
        throw StateError(
            "the head of task \"" + task().name +
            "\" was asked about sequences, but token states were not computed: the head that asks must say "
            "so, reads_tagging_heads()");
      }
      const int place = static_cast<int>(checked(view));
      const Tensor words = owner_ == nullptr ? words_of_view(pass_.viewed, batch_, k_, place)
                                             : words_of_texts(pass_.viewed, k_, place).tokens;
      found.pooled = pass_.output.tokens.index_select(0, words);
      return found;
    }
    found.pooled = shared(view);
    if (pass_.output.layers.defined()) {
      found.layers = pass_.output.layers.index_select(0, pass_.viewed.rows[k_][checked(view)]);
    }
    return found;
  }

  std::size_t checked(int view) const {
    if (!training()) return 0;
    if (view < 0 || view >= views()) {
      throw StateError("view " + std::to_string(view) + " of task \"" + task().name +
                       "\" was not encoded: its terms need " + std::to_string(views()));
    }
    return static_cast<std::size_t>(view);
  }
  /// The task, and on whose rows where they are not its own.
  std::string name_of_rows() const {
    return owner_ == nullptr ? task().name : task().name + "/on/" + owner_->task().name;
  }
  ops::TensorRandom random_of(std::string_view purpose, int view) const {
    return random_named(std::string(purpose) + "/" + name_of_rows() + "/" + std::to_string(view));
  }
  ops::TensorRandom random_named(const std::string& name) const {
    return ops::TensorRandom(pass_.context.seed_of(name + pass_.reencoded.name), pass_.device());
  }

  EncodedPass& pass_;
  std::size_t k_;  // whose rows
  TaskBatch batch_;
  EncodedTask* owner_;  // of the rows, where it is another task
  std::vector<Tensor> shared_;
  std::vector<SharedRows> rows_;
  std::vector<TaskRepresentation> representations_;
  std::vector<std::vector<Prediction>> predictions_;  // [view][round]
  std::optional<WeightPosterior> weights_;
  Tensor token_states_;
  std::map<std::size_t, std::unique_ptr<EncodedTask>> others_;
  std::vector<std::string>
      computing_;  // tasks whose heads are being computed on these rows, each asked for by the last
};

}  // namespace infomtl
