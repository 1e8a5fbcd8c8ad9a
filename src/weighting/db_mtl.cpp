#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void DbMtlSettings::fields(FieldVisitor& f) {
  f.field("beta", options.beta, "memory of the average", between(0, 1));
  f.field("decay", options.decay, "beta / k^decay at step k", at_least(0));
  f.field("epsilon", options.epsilon, "added to a loss before the logarithm", above(0));
}

/// DB-MTL: gradients of log losses, averaged over steps, brought to the norm of the largest. Heads get the gradient of
/// log L_t.
class DbMtl final : public GradientWeighting {
 public:
  using Settings = DbMtlSettings;
  DbMtl(Settings settings, const WeightingContext& /*tasks*/) : settings_(settings) {}
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor jacobian = task_gradients.jacobian(), losses = task_gradients.losses();
    task_gradients.apply_direction(ops::db_mtl(jacobian, losses, state_, settings_.options),
                                   1.0 / (losses + settings_.options.epsilon));
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("average", state_.average);
    visitor.counter("step", state_.step);
  }

 private:
  Settings settings_;
  ops::DbMtlState state_;
};

WeightingFactory db_mtl(DbMtlSettings settings) { return made_by<DbMtl>("db_mtl", std::move(settings)); }

void register_db_mtl(WeightingRegistry& registry) {
  registry.add<DbMtl>("db_mtl", "dual balancing: log losses and equal gradient norms",
                      "Lin et al., arXiv 2308.12029, 2023", gives_direction(joint_only(GradientKind::jacobian)));
}

}  // namespace infomtl::weightings
