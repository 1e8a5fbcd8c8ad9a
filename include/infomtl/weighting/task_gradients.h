#pragma once
// Task gradients: the T task losses of one step and what can be asked of their gradients. A weighting reads it and
// ends by writing one update, by weights on the losses or by a direction on the shared parameters.
//
// Letters: T tasks of the step, P shared parameters.

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/random.h"

namespace infomtl {

/// One step's losses, evaluated lazily: what is not asked for is not computed. With accumulation they span all
/// micro-batches, so every answer is that of one big batch.
class INFOMTL_API TaskGradients {
 public:
  virtual ~TaskGradients() = default;

  /// Index of each loss's task among the experiment's tasks: [0..T) in the joint regime, one entry when alternating.
  /// A task without rows in the step is not among them, nor is one of whose rows no term counts anything; at least one is.
  virtual const std::vector<std::size_t>& tasks() const = 0;
  /// How many tasks the experiment has.
  virtual std::size_t task_count() const = 0;
  std::size_t size() const { return tasks().size(); }

  /// [T] float32, detached: mean loss of each task, weights of terms applied. Free once gradients were asked for.
  virtual torch::Tensor losses() = 0;
  /// [T, P] float32: gradients of the task losses with respect to the shared parameters; rows of tasks without
  /// influence are zero.
  virtual torch::Tensor jacobian() = 0;
  /// [T, T] float64 on the CPU: G G^T of the Jacobian, without holding the Jacobian where that saves memory. It grows where
  /// the gradients are and is copied once, which waits for them.
  virtual torch::Tensor gram() = 0;
  /// Gradients of the losses with respect to each task's own shared representation: element k is [rows of task k, H].
  /// With different inputs per task this does not bound the parameter gradients, which MGDA-UB (Sener & Koltun 2018,
  /// section 3.3) takes for granted.
  virtual std::vector<torch::Tensor> representation_gradients() = 0;
  /// The shared representations themselves, detached, in the same layout.
  virtual std::vector<torch::Tensor> representations() = 0;

  /// Ends the step: shared parameters get sum_t weights_t g_t (weights: [T], detached), by a weighted backward pass or
  /// from the Jacobian where that is at hand; each task's own parameters get the gradient of L_t times head_weights[t]
  /// (undefined: weights[t]).
  virtual void apply_weights(const torch::Tensor& weights, const torch::Tensor& head_weights = {}) = 0;
  /// Ends the step: shared parameters get `direction` [P] as their gradient; each task's own parameters get the
  /// gradient of L_t times head_weights[t] (all ones when undefined).
  virtual void apply_direction(const torch::Tensor& direction, const torch::Tensor& head_weights = {}) = 0;
  /// Ends the step: the representation gradients are replaced by these and sent through the encoder once; each task's
  /// own parameters get the gradient of L_t.
  virtual void apply_representation_gradients(const std::vector<torch::Tensor>& gradients) = 0;

  /// Adds a gradient [P] to that of the shared parameters once the step is ended, at once where it is: a regulariser or
  /// a penalty that no weighting is to see. losses(), gram() and the like know nothing of it. Called without a graph.
  virtual void add_after(std::function<torch::Tensor()> gradient) = 0;

  /// The same on independent rows of the same tasks, for methods that need several batches a step.
  virtual TaskGradients& independent(std::size_t index) = 0;
  /// [T] losses of the same rows under the parameters as they are now, without a graph (after an update, say).
  virtual torch::Tensor reevaluate_losses() = 0;

  /// [T] losses, and their Jacobian [T, P], of the same rows with `shift` [P] added to the shared parameters for the
  /// time of the call; dropout masks are those of the step itself, so differences of such values carry no mask noise.
  virtual torch::Tensor losses_at(const torch::Tensor& shift) = 0;
  virtual torch::Tensor jacobian_at(const torch::Tensor& shift) = 0;

  /// Random numbers of this step for this weighting: a function of (seed, step).
  virtual RandomStream random() = 0;
  /// 0-based optimiser step and epoch.
  virtual std::int64_t step() const = 0;
  virtual std::int64_t epoch() const = 0;
};

}  // namespace infomtl
