#pragma once
// Task step: what a loss term sees of one task in one step. Everything is computed when first asked for, once, and what
// is returned by reference lives as long as the step, that is until the last term of the step has been computed.
//
// Letters: B rows of the task, H width of the encoder, E of its word embeddings, D of the task's representation, C outputs.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/step_batch.h"
#include "infomtl/data/task.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {

/// How a sequence is encoded again inside a step.
struct Reencoding {
  Tensor embedding_offset = {};  ///< [N_t, E] added to the word embeddings of the task's own tokens; undefined for none
  bool same_dropout = false;     ///< repeat the masks of the step's own pass instead of drawing new ones
};

class INFOMTL_API TaskStep {
 public:
  virtual ~TaskStep() = default;

  virtual const Task& task() const = 0;
  virtual std::size_t task_index() const = 0;
  virtual const TaskBatch& batch() const = 0;
  /// TaskBatch::labels; in evaluation some may be kUnknownLabel, which is not an index.
  const Tensor& labels() const { return batch().labels; }
  /// Training, or evaluation: samples become means, dropout is off, all views are equal.
  virtual bool training() const = 0;

  /// Views that were encoded for this task: 1, or what the terms asked for (always 1 in evaluation, where views are
  /// equal).
  virtual int views() const = 0;
  /// [B, H] the encoder's pooled output of a view: z of the papers. In evaluation every view is view 0;
  /// in training a view beyond views() throws StateError.
  virtual const Tensor& shared(int view = 0) = 0;
  /// The task's representation by the architecture: value [B, D] (and moments of stochastic ones).
  virtual const TaskRepresentation& representation(int view = 0) = 0;
  /// The head's prediction on representation(view).value; one row per word for tagging.
  virtual const Prediction& prediction(int view = 0) = 0;
  /// [N_t, H] token states of the task's sequences of view 0; needs token_states.
  virtual const Tensor& token_states() = 0;
  /// The steps of all tasks of this batch, this one among them: for terms over the union.
  /// @throws StateError unless a term of the task needs().other_tasks
  virtual const std::vector<TaskStep*>& batch_steps() const = 0;
  /// The step of another task of the model on these same sequences, labelled for it or not: its representation and
  /// prediction, computed when asked for, with a row per sequence or, of a tagging task, per word. Its batch() has no
  /// labels and no examples.
  virtual TaskStep& on_same_rows(std::size_t task) = 0;

  /// The same rows through encoder, architecture and head once more.
  virtual std::shared_ptr<TaskStep> reencode(const Reencoding& options) = 0;
  /// [N_t, E] leaf of this step's embedding offset (zeros, requires grad), for terms that needs().embeddings: its
  /// gradient is that of the word embeddings of the task's tokens.
  virtual Tensor embedding_leaf() = 0;
  /// [B+1] int64: of the rows of token_states(), embedding_leaf() and an embedding_offset, b's sequence is offsets[b]
  /// .. offsets[b+1].
  virtual Tensor token_offsets() = 0;
  /// The model of the step, for terms that look at parameters.
  virtual const MultiTaskModel& model() const = 0;
  /// Random numbers for a term: a function of (seed, step, task, purpose); asked for again, they begin anew.
  virtual ops::TensorRandom random(std::string_view purpose) = 0;
  /// 0-based optimiser step.
  virtual std::int64_t step() const = 0;
  /// Batches drawn for this task in the run before this one: a per-task step counter that is a function of
  /// (seed, step), so a resumed run goes on with it.
  std::int64_t task_step() const { return batch().batches_before; }
  /// Whether this pass is the one that counts. A step may be run several times (for gradients after losses, at shifted
  /// parameters, after the update); what a term remembers moves in one of them.
  virtual bool records() const = 0;
};

}  // namespace infomtl
