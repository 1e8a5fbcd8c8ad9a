#pragma once
// Step losses: the forward passes of a step over its micro-batches, what they add up to, and which graph is alive.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/ops/packed/gradient_segments.h"
#include "infomtl/step/forward_pass.h"

namespace infomtl {

/// One forward pass over one micro-batch.
struct LossPass {
  std::shared_ptr<ForwardPass> forward;
  std::vector<std::size_t> own;     ///< of each loss: its task's place among those of the micro-batch
  std::vector<std::size_t> places;  ///< and among the tasks of the step
  std::vector<Tensor> losses;       ///< with graph, already divided by the counts of the whole step
};

class StepLosses {
 public:
  /// @param options  of the losses: type and device of the parameters; @param sink  for the gradients of the tasks
  /// @throws StateError without a task
  StepLosses(const ForwardContext& context, std::vector<StepBatch> micro_batches, const torch::TensorOptions& options,
             std::shared_ptr<ops::GradientSink> sink);

  /// Those with a loss. In training a task of which no term counts anything in the whole step (one row where pairs are
  /// compared, say) has none, and is absent like a task without rows; its penalties count. Not so in independent batches,
  /// which have the tasks of their rows.
  const std::vector<std::size_t>& tasks() const { return tasks_; }
  /// tasks(), then those that have rows but no loss: whose terms() are.
  const std::vector<std::size_t>& tasks_with_rows() const { return tasks_with_rows_; }
  std::int64_t size() const { return values_.numel(); }
  const std::vector<StepBatch>& micro_batches() const { return micros_; }
  std::size_t micro_count() const { return micros_.size(); }
  const ForwardContext& context() const { return context_; }
  /// Type and device of values per task.
  torch::TensorOptions options() const { return values_.options(); }

  /// [T], of passes run where the parameters are when they are first asked for.
  const Tensor& values();
  /// [T] of passes run now, without a graph.
  Tensor reevaluated();
  /// Per task of tasks_with_rows(): sums of terms and penalties seen so far.
  const std::vector<std::vector<TermSum>>& terms() const { return terms_; }

  /// The pass over a micro-batch with its graph; lives until another one's is asked for or it is dropped.
  LossPass& graph(std::size_t micro);
  void drop_graph(std::size_t micro);
  /// Once the graph of the micro-batch is not needed for a while: keeps it where it is the only one.
  void release_graph(std::size_t micro) {
    if (micros_.size() > 1) drop_graph(micro);
  }
  void drop_graph() { kept_.reset(); }
  /// A pass that leaves no trace, with graph.
  LossPass fresh_graph(std::size_t micro);

  bool has_penalties() const { return context_.objective->has_penalties(); }
  /// The weighted penalties of a micro-batch's tasks: a scalar with graph, undefined where none applies.
  Tensor penalties(std::size_t micro);

 private:
  /// A pass and what its terms add up to, per task of the micro-batch.
  struct Run {
    LossPass pass;
    std::vector<std::vector<TermPart>> parts;
  };
  Run run(std::size_t micro, bool records) const;
  /// A pass that is recorded unless one of the same micro-batch was.
  LossPass recorded_pass(std::size_t micro);
  /// Among tasks_with_rows().
  std::size_t place_of(std::size_t task) const;

  ForwardContext context_;
  std::vector<StepBatch> micros_;
  std::shared_ptr<ops::GradientSink> sink_;
  std::vector<std::size_t> tasks_, tasks_with_rows_;
  std::vector<std::vector<std::int64_t>> totals_;  // per task with rows: count of each term over all micro-batches
  std::vector<std::vector<std::int64_t>> penalty_totals_;  // likewise
  std::vector<bool> recorded_, penalties_recorded_;        // per micro-batch
  Tensor values_;                                          // [T]
  std::vector<std::vector<TermSum>> terms_;
  std::unique_ptr<LossPass> kept_;  // the graph of the only micro-batch, or of the last one
  std::size_t kept_micro_ = 0;
};

}  // namespace infomtl
