#pragma once
// Multi-task model: one encoder, one architecture, one head per task.
//
//   auto encoder = load_encoder(folder);
//   ArchitectureContext shape{.width = encoder->width(), .layers = encoder->layer_count(), .tasks = tasks.size()};
//   auto sharing = architecture_registry().build(Config::from_json("shared", "architecture"), shape);
//   std::vector<std::shared_ptr<Head>> heads;
//   for (const Task& task : tasks)
//     heads.push_back(head_registry().build(Config::from_json("gaussian", "head"), {sharing->width(), &task, seed}));
//   MultiTaskModel model(encoder, sharing, heads, tasks, Pooling::first);

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/task.h"
#include "infomtl/model/architecture.h"
#include "infomtl/model/encoder.h"
#include "infomtl/model/head.h"
#include "infomtl/optim/flat_parameters.h"

namespace infomtl {

/// Parts by name: "encoder.<Hugging Face name>", "architecture.<name>", "heads.<task>.<name>".
class INFOMTL_API MultiTaskModel : public torch::nn::Module {
 public:
  /// @throws StateError when heads and tasks differ in number
  MultiTaskModel(std::shared_ptr<Encoder> encoder, std::shared_ptr<Architecture> architecture,
                 std::vector<std::shared_ptr<Head>> heads, std::vector<Task> tasks, Pooling pooling);

  Encoder& encoder() const { return *encoder_; }
  Architecture& architecture() const { return *architecture_; }
  Head& head(std::size_t task) const { return *heads_.at(task); }
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
  std::shared_ptr<Encoder> encoder_;
  std::shared_ptr<Architecture> architecture_;
  std::vector<std::shared_ptr<Head>> heads_;
  std::vector<Task> tasks_;
  Pooling pooling_;
  Precision precision_ = Precision::float32;
};

}  // namespace infomtl
