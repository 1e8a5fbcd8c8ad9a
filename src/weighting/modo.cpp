#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void ModoSettings::fields(FieldVisitor& f) {
  f.field("gamma", options.gamma, "step of the weights (TorchJD: 0.1)", above(0));
  f.field("rho", options.rho, "l2 regularisation of the weights", at_least(0));
  head_gradient_field(f, head_gradient);
}

/// MoDo: one projected step of the weights from two independent batches, applied to the gradients of a third.
class Modo final : public GradientWeighting {
 public:
  using Settings = ModoSettings;
  Modo(Settings settings, const WeightingContext& /*tasks*/) : settings_(std::move(settings)) {}
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor cross = cross_gram_of_two_batches(task_gradients);
    RowsOfStep point(lambda_, task_gradients, 1.0 / static_cast<double>(task_gradients.task_count()),
                     RowsOfStep::Sum::kept);
    const torch::Tensor weights = ops::modo(cross, point.rows, settings_.options);
    task_gradients.apply_weights(weights, head_weights(settings_.head_gradient, weights));
  }
  void visit_state(StateVisitor& visitor) override { visitor.tensor("lambda", lambda_); }

 private:
  Settings settings_;
  torch::Tensor lambda_;
};

WeightingFactory modo(ModoSettings settings) { return made_by<Modo>("modo", std::move(settings)); }

void register_modo(WeightingRegistry& registry) {
  registry.add<Modo>("modo", "multi-objective descent with double sampling", "Chen et al., NeurIPS 2023",
                     reads_batches(joint_only(GradientKind::jacobian), 3));
}

}  // namespace infomtl::weightings
