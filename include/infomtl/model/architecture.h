#pragma once
// Architecture: how tasks share. It turns the shared representation of the encoder into each task's representation;
// hard sharing is the identity, others add experts, gates, masks or a bottleneck.
//
// Letters: B rows of the task, H width of the encoder, L layers, D width of the task's representation.

#include <torch/nn/module.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"
#include "infomtl/data/task.h"
#include "infomtl/model/weight_posterior.h"
#include "infomtl/ops/tensor.h"
#include "infomtl/ops/tensor_random.h"
#include "infomtl/optim/parameter_groups.h"

namespace infomtl {

/// The encoder's output at the rows of one task and view.
struct SharedRows {
  Tensor pooled;  ///< [B, H], or [W, H] token states at words for tagging
  Tensor layers;  ///< [B, L+1, H], defined when the architecture needs_layers()
  /// As TaskBatch::labels, for statistics of classes that the architecture keeps; defined only in the pass of a training
  /// step that counts (TaskStep::records()), never where a prediction must do without.
  Tensor labels = {};
};

/// What a task reads, and what stochastic architectures tell of it.
struct TaskRepresentation {
  Tensor value;               ///< [B, D] a sample in training, the mean in evaluation
  Tensor mean;                ///< [B, D] stochastic architectures only
  Tensor log_variance;        ///< [B, D] stochastic architectures only
  Tensor prior_log_variance;  ///< [D] the prior N(0, v) the code is compressed to; undefined means N(0, I)
  Tensor gate_entropy = {};   ///< [B] nats, how undecided sparse gates are; architectures with sparse_gates() only
};

class INFOMTL_API Architecture : public torch::nn::Module {
 public:
  /// @param noise null means evaluation
  virtual TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom* noise) = 0;
  virtual std::int64_t width() const = 0;  ///< D
  virtual bool needs_layers() const { return false; }
  /// Whether TaskRepresentation carries mean and log-variance.
  virtual bool stochastic() const { return false; }
  /// Whether TaskRepresentation carries gate_entropy.
  virtual bool sparse_gates() const { return false; }
  /// Whether tasks read other word embeddings: embedding_offset(). A sequence that several tasks label is then encoded
  /// per task.
  virtual bool changes_embeddings() const { return false; }
  /// [N_t, E] what is added to the word embeddings [N_t, E] of the task's tokens, before positions and norm; with graph.
  virtual Tensor embedding_offset(std::size_t /*task*/, const Tensor& /*word_embeddings*/) { return {}; }
  /// Whether it draws something for all rows of a batch (a tree of branches), so that a micro-batch gets a draw of its own.
  virtual bool draws_per_batch() const { return false; }
  /// Weights that the architecture proposes for a task's head (amortised classifiers), with graph; none for most.
  virtual std::optional<WeightPosterior> head_weights(std::size_t /*task*/) { return std::nullopt; }
  /// Says the 0-based optimiser step before each training pass: what is annealed is a function of it, not a state.
  virtual void begin_step(std::int64_t /*step*/) {}
  /// The parameters that all tasks train together (experts, shared bottleneck); the rest of the architecture's
  /// parameters (gates, masks) count as a task's own. Part of what gradient weightings see as shared.
  virtual std::vector<Tensor> shared_parameters() { return {}; }
  /// Rates of its own for what it learns (optim/parameter_groups.h: own_rate), matched against the names of its parameters;
  /// a config's groups win.
  virtual std::vector<ParameterGroup> parameter_groups() const { return {}; }
  /// [T, T] similarity of tasks that the architecture has learned (noise, gates, stitches), or undefined.
  virtual Tensor task_similarity() const { return {}; }

  /// What a config says to get it, as JSON text; empty for one that was made another way. Checkpoints keep it.
  const std::string& made_as() const { return made_as_; }
  void set_made_as(std::string config) { made_as_ = std::move(config); }

 private:
  std::string made_as_;
};

struct ArchitectureContext {
  std::int64_t width = 0;   ///< H
  std::int64_t layers = 0;  ///< L
  std::vector<Task> tasks = {};
  std::uint64_t seed = 0;
  std::int64_t embedding_width = 0;  ///< E, of the encoder's word embeddings
};

/// Makes an architecture for an encoder and tasks: model/architectures.h has one for each built-in.
using ArchitectureFactory = std::function<std::shared_ptr<Architecture>(const ArchitectureContext&)>;

using ArchitectureRegistry = Registry<Architecture, const ArchitectureContext&>;
INFOMTL_API ArchitectureRegistry& architecture_registry();
INFOMTL_API void register_builtin_architectures(ArchitectureRegistry& registry);

}  // namespace infomtl
