#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void MocoSettings::fields(FieldVisitor& f) {
  f.field("beta", options.beta, "step of the gradient average", between(0, 1));
  f.field("beta_decay", options.beta_decay, "beta / k^beta_decay at step k", at_least(0));
  f.field("gamma", options.gamma, "step of the weights", at_least(0));
  f.field("gamma_decay", options.gamma_decay, "likewise", at_least(0));
  f.field("rho", options.rho, "l2 regularisation of the weights", at_least(0));
}

/// MoCo: moving averages of the normalised gradients, their weights tracked by a softmax step.
class Moco final : public GradientWeighting {
 public:
  using Settings = MocoSettings;
  Moco(Settings settings, const WeightingContext& /*tasks*/) : settings_(settings) {}
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor jacobian = task_gradients.jacobian();
    RowsOfStep tracked(state_.tracked, task_gradients, 0.0);
    RowsOfStep lambda(state_.lambda, task_gradients, 1.0 / static_cast<double>(task_gradients.task_count()),
                      RowsOfStep::Sum::kept);
    ops::MocoState own{.tracked = tracked.rows, .lambda = lambda.rows, .step = state_.step};
    const torch::Tensor direction = ops::moco(jacobian, task_gradients.losses(), own, settings_.options);
    tracked.rows = own.tracked, lambda.rows = own.lambda;
    state_.step = own.step;
    task_gradients.apply_direction(direction);
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("tracked", state_.tracked);
    visitor.tensor("lambda", state_.lambda);
    visitor.counter("step", state_.step);
  }

 private:
  Settings settings_;
  ops::MocoState state_;
};

WeightingFactory moco(MocoSettings settings) { return made_by<Moco>("moco", std::move(settings)); }

void register_moco(WeightingRegistry& registry) {
  registry.add<Moco>("moco", "stochastic multi-objective with gradient correction", "Fernando et al., ICLR 2023",
                     gives_direction(joint_only(GradientKind::jacobian)));
}

}  // namespace infomtl::weightings
