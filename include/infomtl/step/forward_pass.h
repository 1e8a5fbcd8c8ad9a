#pragma once
// Forward pass: one pass of the model over one (micro-)batch, seen task by task. One encoder pass serves all tasks and
// views; what nobody asks for is not computed.
//
//   ForwardPass forward({.model = &model, .objective = &objective, .seed = run_seed, .step = 17}, batch);
//   TaskLoss loss = forward.loss(k, objective.counts(task, batch.tasks[k]));
//   Tensor z = forward.task(k).shared();   // [B, H] with graph
//
// Every random number is a function of (run seed, purpose, step, micro-batch), so a pass repeated is the same pass.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/step_batch.h"
#include "infomtl/losses/objective.h"
#include "infomtl/losses/task_step.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/step/forward_context.h"

namespace infomtl {

namespace ops {
class GradientSink;
}

struct EncodedPass;

class INFOMTL_API ForwardPass {
 public:
  /// @param sink  where the owners' gradients of the encoder's parameters go; used when they own disjoint rows and no
  /// term needs() gradients that pass by the rows
  ForwardPass(const ForwardContext& context, StepBatch batch, std::shared_ptr<ops::GradientSink> sink = nullptr,
              RowOwner owner = RowOwner::task);
  ~ForwardPass();
  ForwardPass(const ForwardPass&) = delete;
  ForwardPass& operator=(const ForwardPass&) = delete;

  /// Tasks of the batch.
  std::size_t size() const { return batch().tasks.size(); }
  TaskStep& task(std::size_t k);
  const StepBatch& batch() const;
  /// Whether the owners' gradients of the encoder's parameters go to the sink; known once something was computed.
  bool segmented() const;

  /// @throws NonFiniteError naming step, task and term, unless the context has losses looked at later
  TaskLoss loss(std::size_t k, const std::vector<std::int64_t>& totals);
  /// The task's penalties, likewise; value is undefined when none applies.
  /// @param records  whether penalties may change what they remember, in place of the context's
  TaskLoss penalties(std::size_t k, const std::vector<std::int64_t>& totals, bool records);

  /// The encoder's output as the architecture reads it, per view of task k that was used: what lies between the encoder
  /// and the rest, with graph.
  std::vector<Tensor> encoder_outputs(std::size_t k);

 private:
  std::unique_ptr<EncodedPass> implementation_;
};

}  // namespace infomtl
