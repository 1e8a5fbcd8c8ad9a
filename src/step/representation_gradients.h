#pragma once
// Representation gradients: the gradients of the task losses in the encoder's output, and the way of others in their
// place back through the encoder.

#include <vector>

#include "step/task_jacobian.h"

namespace infomtl {

class RepresentationGradients {
 public:
  /// All of them are kept by reference.
  RepresentationGradients(StepLosses& losses, FlatParameters& parameters, TaskJacobian& jacobian)
      : losses_(losses), parameters_(parameters), jacobian_(jacobian) {}

  /// Per task [rows of its views, H]; rows in the order of micro-batches, then of views.
  /// @throws ConfigError for architectures that read every layer
  const std::vector<Tensor>& gradients();
  const std::vector<Tensor>& values();
  /// Sends `gradients` back in place of its own; what lies behind the encoder gets its ordinary gradient.
  void send_back(const std::vector<Tensor>& gradients);

 private:
  void compute();

  StepLosses& losses_;
  FlatParameters& parameters_;
  TaskJacobian& jacobian_;
  std::vector<Tensor> values_, gradients_;
  std::unique_ptr<GradientRows> rows_behind_encoder_;  // [T, C] over shared parameters (experts, a bottleneck)
  Tensor rows_memory_;
};

}  // namespace infomtl
