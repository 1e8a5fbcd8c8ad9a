#include "model/architectures/builtin.h"

namespace infomtl::architectures {

void MmoeSettings::fields(FieldVisitor& f) {
  f.field("experts", experts, "networks that all tasks share", count_from(1));
  expert.fields(f);
}

/// MMoE: experts that all tasks share and a gate per task, z_t = sum_e softmax(W_t z + b_t)_e E_e(z). Experts count as
/// shared parameters, gates as the task's own.
class Mmoe final : public Architecture {
 public:
  using Settings = MmoeSettings;
  Mmoe(const Settings& settings, const ArchitectureContext& shape) {
    const DenseNet::Shape net = expert_shape(settings.expert, shape.width);
    width_ = net.outputs;
    experts_ = add_nets(*this, "experts", static_cast<std::size_t>(settings.experts), net, shape.seed);
    gates_ = add_gates(*this, "gates", shape.tasks.size(), shape.width, settings.experts, shape.seed);
  }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom* noise) override {
    std::vector<Tensor> outputs;
    append_outputs(outputs, experts_, rows.pooled, noise);
    TaskRepresentation result;
    result.value = mix(gate_weights(*gates_.at(task), rows.pooled), outputs);
    return result;
  }
  std::int64_t width() const override { return width_; }
  std::vector<Tensor> shared_parameters() override {
    std::vector<Tensor> shared;
    append_parameters(shared, experts_);
    return shared;
  }
  Tensor task_similarity() const override {
    return gate_similarity(gates_, static_cast<std::int64_t>(experts_.size()));
  }

 private:
  std::int64_t width_ = 0;
  Nets experts_, gates_;
};

ArchitectureFactory mmoe(MmoeSettings settings) { return made_by<Mmoe>("mmoe", std::move(settings)); }

void register_mmoe(ArchitectureRegistry& registry) {
  registry.add<Mmoe>("mmoe", "multi-gate mixture of experts: shared experts, a gate per task", "Ma et al., KDD 2018",
                     {{"similarity", "\"gates\""}});
}

}  // namespace infomtl::architectures
