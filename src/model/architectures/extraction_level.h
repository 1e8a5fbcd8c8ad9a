#pragma once
// Extraction level: the layer that CGC is and PLE stacks. Shared experts, each task's own, and a gate per task over the
// shared and its own ones.

#include "model/architectures/builtin.h"

namespace infomtl::architectures {

class ExtractionLevel final : public torch::nn::Module {
 public:
  /// @param with_shared_gate  whether a gate over all experts makes an output that belongs to no task
  ExtractionLevel(const ExtractionSettings& settings, std::int64_t inputs, std::size_t tasks, bool with_shared_gate,
                  std::uint64_t seed);

  /// Outputs of the shared experts, and of one task's own.
  std::vector<Tensor> shared_outputs(const Tensor& x, ops::TensorRandom* noise) const;
  std::vector<Tensor> own_outputs(std::size_t task, const Tensor& x, ops::TensorRandom* noise) const;
  /// What the task's gate, looking at x, makes of the shared experts' outputs and its own experts'.
  Tensor of_task(std::size_t task, const Tensor& x, const std::vector<Tensor>& shared,
                 const std::vector<Tensor>& own) const;
  /// What the shared gate, looking at x, makes of the shared experts' outputs and those of every task's experts.
  Tensor of_all(const Tensor& x, const std::vector<Tensor>& shared, const std::vector<std::vector<Tensor>>& own) const;

  std::int64_t width() const { return width_; }
  std::vector<Tensor> shared_parameters() const;
  Tensor similarity() const { return gate_similarity(gates_, static_cast<std::int64_t>(shared_.size())); }

 private:
  std::int64_t width_ = 0;
  Nets shared_, gates_, shared_gate_;
  std::vector<Nets> own_;
};

}  // namespace infomtl::architectures
