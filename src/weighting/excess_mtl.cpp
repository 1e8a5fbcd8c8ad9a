#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void ExcessMtlSettings::fields(FieldVisitor& f) {
  f.field("step_size", options.step_size, "of the exponentiated weights", above(0));
  f.field("warmup_steps", options.warmup_steps, "steps whose mean excess is the unit", at_least(1));
  head_gradient_field(f, head_gradient);
}

/// ExcessMTL: tasks far from their optimum, by an estimate of excess risk, gain weight.
class ExcessMtl final : public GradientWeighting {
 public:
  using Settings = ExcessMtlSettings;
  ExcessMtl(Settings settings, const WeightingContext& /*tasks*/) : settings_(std::move(settings)) {}
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor weights = ops::excess_mtl(task_gradients.jacobian(), state_, settings_.options);
    task_gradients.apply_weights(weights, head_weights(settings_.head_gradient, weights));
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("squares", state_.squares);
    visitor.tensor("unit", state_.unit);
    visitor.tensor("weights", state_.weights);
    visitor.counter("step", state_.step);
  }

 private:
  Settings settings_;
  ops::ExcessState state_;
};

WeightingFactory excess_mtl(ExcessMtlSettings settings) {
  return made_by<ExcessMtl>("excess_mtl", std::move(settings));
}

void register_excess_mtl(WeightingRegistry& registry) {
  registry.add<ExcessMtl>("excess_mtl", "weights by estimated excess risk", "He et al., ICML 2024",
                          joint_only(GradientKind::jacobian));
}

}  // namespace infomtl::weightings
