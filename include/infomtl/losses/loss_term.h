#pragma once
// Loss term: one summand of a task's loss, a pair (sum, count) so that micro-batches add up exactly.
//
//   class Hinge final : public LossTerm {
//    public:
//     struct Settings {
//       double margin = 1;
//       void fields(FieldVisitor& f) { f.field("margin", margin, "wanted lead of the label's score", at_least(0)); }
//     };
//     explicit Hinge(Settings settings) : settings_(settings) {}
//     bool applies_to(const Task& task) const override { return task.kind == TaskKind::classification; }
//     bool in_evaluation() const override { return false; }  // there labels may be kUnknownLabel
//     LossValue compute(TaskStep& step) override {
//       const Tensor sum = torch::multi_margin_loss(step.prediction().output, step.labels(), 1, settings_.margin, {},
//                                                   at::Reduction::Sum);
//       return {sum, torch::full({}, double(step.labels().size(0)), sum.options().requires_grad(false))};
//     }
//    private:
//     Settings settings_;
//   };
//   INFOMTL_REGISTER_LOSS("hinge", Hinge, "multi-class hinge loss")       // losses/register_loss.h

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"
#include "infomtl/data/task.h"
#include "infomtl/losses/task_step.h"
#include "infomtl/ops/loss_value.h"
#include "infomtl/optim/parameter_groups.h"

namespace infomtl {

using ops::LossValue;

/// What a term asks of the step and the model; checked when the experiment is built, with the cure named.
struct Needs {
  int views = 1;  ///< dropout views of the task's sequences
  bool token_states = false;
  bool gaussian_head = false;
  bool stochastic_architecture = false;
  bool sparse_gates = false;  ///< TaskRepresentation::gate_entropy
  bool embeddings = false;    ///< embedding_leaf()
  bool parameters = false;    ///< takes gradients of parameters itself; then one backward pass per task
  bool other_tasks = false;   ///< reads batch_steps(): gradients reach the rows of other tasks; then likewise
  /// Calls heads of the task's kind alone: such that read no heads and no token states, and have their own weights.
  bool lone_head = false;
};

/// What a term may know when it is built.
struct TermContext {
  std::vector<Task> tasks;
  std::int64_t width = 0;           ///< H, of the encoder
  std::int64_t representation = 0;  ///< D, of the architecture
  std::uint64_t seed = 0;           ///< for initial parameters of critics and priors
};

/// A term may own parameters (critics, priors): they are registered like those of any module, train and are saved.
class INFOMTL_API LossTerm : public torch::nn::Module {
 public:
  virtual Needs needs() const { return {}; }
  /// Whether the term is defined for a task (a tagging task has no InfoNCE over pooled rows, say).
  virtual bool applies_to(const Task& /*task*/) const { return true; }
  /// Looks at the model when the experiment is built. @throws ConfigError for what it lacks, with the cure
  virtual void check(const MultiTaskModel& /*model*/) const {}
  /// Looks at the tasks that the term is for when a config is read. @throws ConfigError for an option that does not fit
  /// them or has no effect on any of them, with the cure
  virtual void check_options(const std::vector<Task>& /*tasks*/) const {}
  /// Whether the loss depends on labels, so that a task may be trained by it alone.
  virtual bool reads_labels() const { return true; }
  /// How many items the term will average over on these rows: rows, unless overridden (words of a tagging task, rows of
  /// a known label). Must equal compute().count; the objective throws StateError where it does not.
  virtual std::int64_t count(const TaskBatch& rows) const { return rows.rows.size(0); }
  /// What a term remembers between steps (a moving average) it changes where step.records(), and only there.
  /// @return sum: scalar float32; count: scalar, detached
  virtual LossValue compute(TaskStep& step) = 0;
  /// Rates of its own for what it learns (optim/parameter_groups.h: own_rate), matched against the names of its parameters;
  /// a config's groups win.
  virtual std::vector<ParameterGroup> parameter_groups() const { return {}; }
  /// Whether the loss of a row depends on the other rows of its batch (contrast, class means, a direction
  /// that they find together), so that cutting a batch into micro-batches changes it.
  virtual bool compares_rows() const { return false; }
  /// Whether it draws something for all rows of a batch (Gumbel noise of task weights, whether they are attacked), so that a
  /// micro-batch gets a draw of its own.
  virtual bool draws_per_batch() const { return false; }
  /// Whether it is the task's own loss, of which a task can have one only: two would count its labels twice.
  virtual bool is_task_loss() const { return false; }
  /// Whether the term is part of the loss in evaluation mode (contrast and compression terms are). A label may be
  /// kUnknownLabel there, never in training.
  virtual bool in_evaluation() const { return true; }
  /// Scalars for the log beside the loss itself, of the last compute(): name and value.
  virtual std::vector<std::pair<std::string, double>> diagnostics() const { return {}; }
  /// [T, T] what the term has learned of how much tasks take from each other, row by row the task that takes; undefined
  /// for most. It stands in results and reports.
  virtual Tensor task_weights() const { return {}; }
};

using LossRegistry = Registry<LossTerm, const TermContext&>;
INFOMTL_API LossRegistry& loss_registry();
INFOMTL_API void register_builtin_losses(LossRegistry& registry);

}  // namespace infomtl
