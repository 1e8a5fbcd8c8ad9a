#include "model/architectures/extraction_level.h"

#include "infomtl/core/random.h"

namespace infomtl::architectures {

void ExtractionSettings::fields(FieldVisitor& f) {
  f.field("shared_experts", shared_experts, "networks that all tasks share", count_from(1));
  f.field("task_experts", task_experts, "networks that each task has for itself", count_from(1));
  expert.fields(f);
}

ExtractionLevel::ExtractionLevel(const ExtractionSettings& settings, std::int64_t inputs, std::size_t tasks,
                                 bool with_shared_gate, std::uint64_t seed) {
  const DenseNet::Shape net = expert_shape(settings.expert, inputs);
  width_ = net.outputs;
  shared_ = add_nets(*this, "shared_experts", static_cast<std::size_t>(settings.shared_experts), net, seed);
  const auto experts = register_module("task_experts", std::make_shared<torch::nn::Module>("task_experts"));
  for (std::size_t t = 0; t < tasks; ++t) {
    own_.push_back(add_nets(*experts, std::to_string(t), static_cast<std::size_t>(settings.task_experts), net,
                            derive_seed(seed, "task_experts", t)));
  }
  gates_ = add_gates(*this, "gates", tasks, inputs, settings.shared_experts + settings.task_experts, seed);
  if (!with_shared_gate) return;
  const std::int64_t all = settings.shared_experts + settings.task_experts * static_cast<std::int64_t>(tasks);
  shared_gate_ = add_gates(*this, "shared_gate", 1, inputs, all, seed);
}

std::vector<Tensor> ExtractionLevel::shared_outputs(const Tensor& x, ops::TensorRandom* noise) const {
  std::vector<Tensor> outputs;
  append_outputs(outputs, shared_, x, noise);
  return outputs;
}

std::vector<Tensor> ExtractionLevel::own_outputs(std::size_t task, const Tensor& x, ops::TensorRandom* noise) const {
  std::vector<Tensor> outputs;
  append_outputs(outputs, own_.at(task), x, noise);
  return outputs;
}

Tensor ExtractionLevel::of_task(std::size_t task, const Tensor& x, const std::vector<Tensor>& shared,
                                const std::vector<Tensor>& own) const {
  std::vector<Tensor> outputs = shared;
  outputs.insert(outputs.end(), own.begin(), own.end());
  return mix(gate_weights(*gates_.at(task), x), outputs);
}

Tensor ExtractionLevel::of_all(const Tensor& x, const std::vector<Tensor>& shared,
                               const std::vector<std::vector<Tensor>>& own) const {
  std::vector<Tensor> outputs = shared;
  for (const auto& of_one : own) outputs.insert(outputs.end(), of_one.begin(), of_one.end());
  return mix(gate_weights(*shared_gate_.front(), x), outputs);
}

std::vector<Tensor> ExtractionLevel::shared_parameters() const {
  std::vector<Tensor> shared;
  append_parameters(shared, shared_);
  return shared;
}

}  // namespace infomtl::architectures
