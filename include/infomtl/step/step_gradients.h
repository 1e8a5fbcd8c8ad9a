#pragma once
// Step gradients: the TaskGradients of one optimiser step, over all its micro-batches. Gradients end in the flat
// buffer.
//
// With one micro-batch the forward pass is kept until the step ends, so losses cost nothing extra. With several, each
// is run when it is needed and again when gradients are asked for after losses: randomness is a function, so both
// passes are the same.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/optim/flat_parameters.h"
#include "infomtl/step/forward_pass.h"
#include "infomtl/step/gradient_rows.h"
#include "infomtl/step/task_gradient_sink.h"
#include "infomtl/weighting/task_gradients.h"

namespace infomtl {

/// Sums of one term over the micro-batches of a step.
struct TermSum {
  std::string term;
  Tensor sum;  ///< scalar float64 on the device, unweighted
  double count = 0;
  double weight = 0;
};

struct StepContext {
  ForwardContext forward;
  FlatParameters* parameters = nullptr;
  std::int64_t epoch = 0;
  /// The micro-batches of the index-th independent batch of this step.
  std::function<std::vector<StepBatch>(std::size_t index)> independent;
  /// Memory kept from step to step; null: its own.
  GradientMemory* memory = nullptr;
  /// Whether gram() is to do without the Jacobian, where it can.
  bool gram_only = false;
};

class INFOMTL_API StepGradients final : public TaskGradients {
 public:
  /// @throws StateError without micro-batches or without tasks in them
  StepGradients(StepContext context, std::vector<StepBatch> micro_batches);
  ~StepGradients() override;

  const std::vector<std::size_t>& tasks() const override { return tasks_; }
  std::size_t task_count() const override { return context_.forward.model->tasks().size(); }
  Tensor losses() override;
  Tensor jacobian() override;
  Tensor gram() override;
  std::vector<Tensor> representation_gradients() override;
  std::vector<Tensor> representations() override;
  void apply_weights(const Tensor& weights, const Tensor& head_weights) override;
  void apply_direction(const Tensor& direction, const Tensor& head_weights) override;
  void apply_representation_gradients(const std::vector<Tensor>& gradients) override;
  TaskGradients& independent(std::size_t index) override;
  Tensor reevaluate_losses() override;
  Tensor losses_at(const Tensor& shift) override;
  Tensor jacobian_at(const Tensor& shift) override;
  RandomStream random() override;
  std::int64_t step() const override { return context_.forward.step; }
  std::int64_t epoch() const override { return context_.epoch; }

  /// Whether an apply_... call has been made.
  bool applied() const { return applied_; }
  /// [T] the weights that apply_weights() got; undefined when the weighting ended the step another way.
  const Tensor& applied_weights() const { return applied_weights_; }
  const std::vector<StepBatch>& micro_batches() const { return micros_; }
  /// Per loss (as tasks()): the terms' sums. Complete once losses() is.
  const std::vector<std::vector<TermSum>>& terms() const { return terms_; }

 private:
  /// One forward pass over one micro-batch.
  struct Pass {
    std::shared_ptr<ForwardPass> forward;
    std::vector<std::size_t> which;  ///< the place in tasks() of the k-th task of the micro-batch
    std::vector<Tensor> losses;      ///< with graph, already divided by the counts of the whole step
  };

  Pass run(std::size_t micro);
  Pass& graph_of(std::size_t micro);
  void drop_graph(std::size_t micro);
  void begin_apply();

  GradientMemory& memory() { return context_.memory == nullptr ? own_memory_ : *context_.memory; }
  std::int64_t task_rows() const { return losses_.numel(); }
  std::vector<FlatSlot> shared_slots() const;  // those that train
  Tensor in_all_columns(GradientRows& rows) const;
  void require_shared() const;
  std::shared_ptr<const GradientColumns> used_columns() const;
  void compute_jacobian(bool every_column);
  bool fill(GradientRows& jacobian);
  bool compute_gram();
  bool add_jacobian(const Pass& pass, GradientRows& jacobian);
  bool add_rows(const Pass& pass, const std::vector<Tensor>& parameters, GradientRows& rows);
  std::vector<Tensor> backward_with_segments(const Pass& pass, bool keep_graph);
  bool one_backward_will_do(const Pass& pass) const;
  std::unique_ptr<GradientRows> new_own_rows();
  void compute_own_rows();
  void compute_representation_gradients();

  StepContext context_;
  std::vector<StepBatch> micros_;
  std::vector<std::size_t> tasks_;
  std::vector<std::vector<std::int64_t>> totals_;  // per loss: count of each term over all micro-batches
  std::vector<Tensor> shared_, own_;               // leaves, as they lie in the flat buffer
  std::vector<FlatSlot> after_cut_;                // shared parameters behind the encoder (experts, a bottleneck)
  std::vector<bool> recorded_;                     // per micro-batch
  Tensor losses_;                                  // [T] float32
  std::vector<std::vector<TermSum>> terms_;
  std::unique_ptr<Pass> kept_;  // the graph of the only micro-batch, or of the last one
  std::size_t kept_micro_ = 0;
  std::shared_ptr<TaskGradientSink> sink_;
  GradientMemory own_memory_;
  Tensor own_rows_memory_, after_cut_memory_;
  std::unique_ptr<GradientRows> jacobian_;  // [T, C] over the shared parameters
  std::unique_ptr<GradientRows> own_rows_;  // [T, P_all - P] over the tasks' own
  std::unique_ptr<GradientRows> after_cut_rows_;
  std::unique_ptr<GradientRows>
      beside_products_;  // [T, C] over what the sink does not multiply; null: all rows or none
  Tensor beside_products_memory_;
  Tensor full_jacobian_;  // [T, P]
  Tensor gram_;           // [T, T] float64
  std::vector<Tensor> representations_, representation_gradients_;
  std::map<std::size_t, std::unique_ptr<StepGradients>> independent_;
  bool applied_ = false;
  Tensor applied_weights_;
};

}  // namespace infomtl
