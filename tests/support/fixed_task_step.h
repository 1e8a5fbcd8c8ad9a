#pragma once
// A task step with given representations and predictions, for tests of loss terms.

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/losses/task_step.h"

namespace infomtl::testing {

class FixedTaskStep final : public TaskStep {
 public:
  Task task_;
  std::size_t index = 0;
  TaskBatch batch_;
  std::vector<Tensor> shared_views;     ///< [B, H] each
  std::vector<Prediction> predictions;  ///< one per view
  TaskRepresentation representation_;
  bool training_ = true;
  std::vector<TaskStep*> siblings{this};
  std::int64_t step_ = 0;
  bool records_ = true;
  Tensor leaf, offsets;
  std::shared_ptr<TaskStep> reencoded;  ///< what reencode() gives
  std::vector<Reencoding> asked;        ///< what it was asked
  const MultiTaskModel* model_ = nullptr;

  const Task& task() const override { return task_; }
  std::size_t task_index() const override { return index; }
  const TaskBatch& batch() const override { return batch_; }
  bool training() const override { return training_; }
  int views() const override { return training_ ? static_cast<int>(shared_views.size()) : 1; }
  const Tensor& shared(int view) override { return shared_views.at(training_ ? static_cast<std::size_t>(view) : 0); }
  const TaskRepresentation& representation(int /*view*/) override {
    if (!representation_.value.defined()) representation_.value = shared_views.at(0);
    return representation_;
  }
  const Prediction& prediction(int view) override { return predictions.at(static_cast<std::size_t>(view)); }
  const Tensor& token_states() override { throw StateError("no token states in this step"); }
  const std::vector<TaskStep*>& batch_steps() const override { return siblings; }
  std::shared_ptr<TaskStep> reencode(const Reencoding& options) override {
    asked.push_back(options);
    return reencoded;
  }
  Tensor embedding_leaf() override { return leaf; }
  Tensor token_offsets() override { return offsets; }
  const MultiTaskModel& model() const override {
    if (model_ == nullptr) throw StateError("no model in this step");
    return *model_;
  }
  ops::TensorRandom random(std::string_view purpose) override {
    return ops::TensorRandom(derive_seed(7, purpose, static_cast<std::uint64_t>(step_)));
  }
  std::int64_t step() const override { return step_; }
  bool records() const override { return records_; }
  TaskStep& on_same_rows(std::size_t /*task*/) override { throw StateError("no other task in this step"); }
};

/// A step of `kind` with B rows of labels.
inline FixedTaskStep fixed_step(TaskKind kind, Tensor labels, std::vector<std::string> names = {"a", "b", "c"}) {
  FixedTaskStep step;
  step.task_.name = "test";
  step.task_.kind = kind;
  step.task_.labels = std::move(names);
  step.batch_.rows = torch::arange(labels.size(0));
  step.batch_.labels = std::move(labels);
  step.siblings = {};
  return step;
}

}  // namespace infomtl::testing
