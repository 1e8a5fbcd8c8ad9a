#pragma once
// Forward pass: one pass of the model over one (micro-)batch, seen task by task. One encoder pass serves all tasks and
// views; what no term asks for is not computed.
//
//   ForwardPass forward({.model = &model, .objective = &objective, .seed = run_seed, .step = 17}, batch);
//   TaskLoss loss = forward.loss(k, objective.counts(task, batch.tasks[k]));
//
// Every random number is a function of (run seed, purpose, step, micro-batch), so a pass repeated is the same pass.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/step_batch.h"
#include "infomtl/losses/objective.h"
#include "infomtl/losses/task_step.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {

/// What a pass is a function of, beside its batch.
struct INFOMTL_API ForwardContext {
  const MultiTaskModel* model = nullptr;
  const Objective* objective = nullptr;  ///< null: predictions only
  std::uint64_t seed = 0;
  std::int64_t step = 0;
  std::int64_t micro_batch = 0;
  std::int64_t independent = 0;  ///< 0: the step's own rows; i + 1: its i-th independent batch
  bool training = true;

  /// hash(seed, purpose, step) and, where they are not the first, the micro-batch and the independent batch.
  std::uint64_t seed_of(std::string_view purpose) const;
};

/// Rows offsets[s] .. offsets[s+1] of every sequence s in `sequences`, one after another: [sum of lengths] int64.
/// Both arguments are read on the host; the result lies there too.
INFOMTL_API Tensor token_rows(const Tensor& offsets, const Tensor& sequences);

/// The batch reduced to the rows and sequences of its k-th task.
INFOMTL_API StepBatch only_task(const StepBatch& batch, std::size_t k);

class INFOMTL_API ForwardPass : public std::enable_shared_from_this<ForwardPass> {
 public:
  /// @param sink where per-task gradients of the encoder's parameters go; used when the tasks own disjoint rows
  ForwardPass(const ForwardContext& context, StepBatch batch, std::shared_ptr<ops::GradientSink> sink = nullptr);
  ~ForwardPass();

  std::size_t size() const { return batch_.tasks.size(); }
  TaskStep& task(std::size_t k);
  const StepBatch& batch() const { return batch_; }
  /// Whether the encoder's per-task gradients go to the sink in one backward pass.
  bool segmented() const { return segmented_; }

  /// @throws NonFiniteError naming step, task and term
  TaskLoss loss(std::size_t k, const std::vector<std::int64_t>& totals);

  /// The encoder's output as the architecture reads it, per view of task k that was used: what lies between the encoder
  /// and the rest, with graph.
  std::vector<Tensor> cut(std::size_t k);

 private:
  class EncodedTask;
  friend class EncodedTask;

  void encode();
  Tensor words_of_view(std::size_t k, int view) const;

  ForwardContext context_;
  StepBatch batch_;
  std::shared_ptr<ops::GradientSink> sink_;
  bool segmented_ = false;
  std::vector<int> views_;
  bool token_states_ = false;
  bool encoded_ = false;
  ViewedBatch viewed_;
  EncoderOutput output_;
  std::vector<Tensor> leaves_;              // one per task, undefined unless a term asked
  std::size_t segment_ = 0, segments_ = 0;  // of a repeated encoding of one task: its place among the step's tasks
  std::string variant_;                     // distinguishes the random numbers of a repeated encoding
  std::size_t offset_task_ = 0;
  Tensor offset_;  // embedding offset of a repeated encoding
  int reencodings_ = 0;
  std::vector<std::unique_ptr<EncodedTask>> tasks_;
  std::vector<TaskStep*> steps_;
};

}  // namespace infomtl
