#pragma once
// Multi-task model: one encoder, one architecture, one head per task.
//
//   auto encoder = load_encoder(folder);
//   MultiTaskModel model(encoder, gaussian_heads(tasks));
//   MultiTaskModel other(encoder, linear_heads(tasks), architectures::mmoe({.experts = 8}), Pooling::mean, seed);

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/task.h"
#include "infomtl/model/architecture.h"
#include "infomtl/model/architectures.h"
#include "infomtl/model/encoder.h"
#include "infomtl/model/head.h"
#include "infomtl/model/heads.h"
#include "infomtl/optim/flat_parameters.h"

namespace infomtl {

/// Parts by name: "encoder.<Hugging Face name>", "architecture.<name>", "heads.<task>.<name>".
class INFOMTL_API MultiTaskModel : public torch::nn::Module {
 public:
  /// @throws StateError when heads and tasks differ in number
  MultiTaskModel(std::shared_ptr<Encoder> encoder, std::shared_ptr<Architecture> architecture,
                 std::vector<std::shared_ptr<Head>> heads, std::vector<Task> tasks, Pooling pooling);

  /// The same from what makes them: initial weights are functions of the seed, as those of a config's run.
  /// @throws ConfigError also for a head that takes weights where the architecture proposes none, and for proposed weights that
  /// no head takes; StateError
  MultiTaskModel(std::shared_ptr<Encoder> encoder, const TaskHeads& heads,
                 const ArchitectureFactory& architecture = architectures::shared(), Pooling pooling = Pooling::first,
                 std::uint64_t seed = 0);

  Encoder& encoder() const { return *encoder_; }
  Architecture& architecture() const { return *architecture_; }
  Head& head(std::size_t task) const { return *heads_.at(task); }
  /// Another head for a task, made as its own was, untrained: for terms that need a predictor which knows nothing. It is no
  /// part of the model. @throws StateError where the model was given its heads and not what makes them
  std::shared_ptr<Head> new_head(std::size_t task, std::uint64_t seed) const;
  /// What the task's head, or the architecture for it, knows of the head's weights; none where they are plain numbers.
  std::optional<WeightPosterior> weight_posterior(std::size_t task) const;
  const std::vector<Task>& tasks() const { return tasks_; }
  Pooling pooling() const { return pooling_; }
  /// Of every pass, in training and in evaluation.
  Precision precision() const { return precision_; }
  void set_precision(Precision precision) { precision_ = precision; }
  /// Whether the task reads token states (tagging).
  bool needs_token_states(std::size_t task) const { return tasks_.at(task).kind == TaskKind::tagging; }

  /// Named, with their parts, in a fixed order: shared ones first (the encoder's, then the architecture's shared ones), then
  /// those of tasks.
  NamedParameters shared_parameters() const;  ///< parts encoder and shared
  NamedParameters task_parameters() const;    ///< part task

 private:
  MultiTaskModel(std::shared_ptr<Encoder> encoder, std::shared_ptr<Architecture> architecture, const TaskHeads& heads,
                 Pooling pooling, std::uint64_t seed);

  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<Architecture> architecture_;
  std::vector<std::shared_ptr<Head>> heads_;
  std::vector<HeadFactory> head_factories_;  // empty where heads were given
  std::vector<Task> tasks_;
  Pooling pooling_;
  Precision precision_ = Precision::float32;
};

}  // namespace infomtl
