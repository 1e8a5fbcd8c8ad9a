#pragma once
// Step gradients: the TaskGradients of one optimiser step, over all its micro-batches. Gradients end in the flat
// buffer. Nothing is computed before it is asked for.
//
//   StepContext context{.forward = {.model = &model, .objective = &objective, .seed = seed, .step = 17},
//                       .parameters = &flat};
//   StepGradients gradients(std::move(context), {batch});
//   Tensor gram = gradients.gram();                       // [T, T]
//   gradients.apply_weights(torch::ones({gram.size(0)}), {});  // flat.gradients() += sum_t w_t g_t, heads likewise
//
// With one micro-batch the forward pass is kept until the step ends, so losses cost nothing extra. With several, each
// is run when it is needed and again when gradients are asked for after losses: randomness is a function, so both
// passes are the same.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/optim/flat_parameters.h"
#include "infomtl/step/forward_pass.h"
#include "infomtl/step/gradient_memory.h"
#include "infomtl/weighting/task_gradients.h"

namespace infomtl {

struct StepContext {
  ForwardContext forward;
  FlatParameters* parameters = nullptr;
  std::int64_t epoch = 0;
  /// The micro-batches of the index-th independent batch of this step.
  std::function<std::vector<StepBatch>(std::size_t index)> independent = {};
  /// Kept from step to step; null: the step's own.
  std::shared_ptr<GradientMemory> memory = {};
  /// Whether gram() is to do without the Jacobian, where it can.
  bool gram_only = false;
  /// Largest norm of a task's gradient, over the parts encoder, shared and task, before apply_weights() weighs it; 0: no
  /// limit. What terms own (critics, priors) is left as it is. Other ways to end a step are then refused. Costs the
  /// Jacobian.
  double task_clip_norm = 0;
  /// Whether products() is to be filled from a Jacobian that the weighting asked for.
  bool tells_products = false;
};

class INFOMTL_API StepGradients final : public TaskGradients {
 public:
  /// @throws StateError without micro-batches or without tasks in them
  StepGradients(StepContext context, std::vector<StepBatch> micro_batches);
  ~StepGradients() override;
  StepGradients(const StepGradients&) = delete;
  StepGradients& operator=(const StepGradients&) = delete;

  const std::vector<std::size_t>& tasks() const override;
  std::size_t task_count() const override;
  Tensor losses() override;
  Tensor jacobian() override;
  Tensor gram() override;
  std::vector<Tensor> representation_gradients() override;
  std::vector<Tensor> representations() override;
  void apply_weights(const Tensor& weights, const Tensor& head_weights) override;
  void apply_direction(const Tensor& direction, const Tensor& head_weights) override;
  void apply_representation_gradients(const std::vector<Tensor>& gradients) override;
  void add_after(std::function<Tensor()> gradient) override;
  TaskGradients& independent(std::size_t index) override;
  Tensor reevaluate_losses() override;
  Tensor losses_at(const Tensor& shift) override;
  Tensor jacobian_at(const Tensor& shift) override;
  RandomStream random() override;
  std::int64_t step() const override;
  std::int64_t epoch() const override;

  /// Ends a step in which no task has a loss (tasks() is empty, and no weighting is asked): penalties alone train.
  void apply_penalties();

  /// Whether an apply_... call has been made.
  bool applied() const;
  /// [T] the weights that apply_weights() got; undefined when the weighting ended the step another way.
  const Tensor& applied_weights() const;
  /// [T, T] gram(), where the weighting asked for that, or for the Jacobian in a step that tells its products; undefined
  /// elsewhere. Known once the step is ended.
  const Tensor& products() const;
  /// [T] norms of the tasks' gradients before they were clipped; undefined without task_clip_norm.
  const Tensor& task_norms() const;
  const std::vector<StepBatch>& micro_batches() const;
  /// tasks(), then those that have rows in the step but no loss.
  const std::vector<std::size_t>& tasks_with_rows() const;
  /// Of each of tasks_with_rows(): the sums of its terms, complete once losses() is, and of its penalties, complete once
  /// the step is ended.
  const std::vector<std::vector<TermSum>>& terms() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace infomtl
