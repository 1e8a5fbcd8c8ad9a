#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

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
    const torch::Tensor heads = 1.0 / (losses + settings_.options.epsilon);
    RowsOfStep average(state_.average, task_gradients);
    // A task that no step had yet starts from its own gradient. Its whole row is NaN.
    if (average.rows.defined() && may_have_fresh(average.rows)) {
      const torch::Tensor scaled = jacobian * heads.to(jacobian.dtype()).unsqueeze(1);
      average.rows = torch::where(average.rows.isnan(), scaled, average.rows);
    }
    ops::DbMtlState own{.average = average.rows, .step = state_.step};
    const torch::Tensor direction = ops::db_mtl(jacobian, losses, own, settings_.options);
    average.rows = own.average;
    state_.step = own.step;
    task_gradients.apply_direction(direction, heads);
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("average", state_.average);
    visitor.counter("step", state_.step);
  }

 private:
  /// Whether some of the rows [k, P] may be NaN. On a device, true without waiting for it.
  static bool may_have_fresh(const torch::Tensor& rows) {
    return !rows.is_cpu() || rows.size(1) == 0 || rows.select(1, 0).isnan().any().item<bool>();
  }

  Settings settings_;
  ops::DbMtlState state_;
};

WeightingFactory db_mtl(DbMtlSettings settings) { return made_by<DbMtl>("db_mtl", std::move(settings)); }

void register_db_mtl(WeightingRegistry& registry) {
  registry.add<DbMtl>("db_mtl", "dual balancing: log losses and equal gradient norms",
                      "Lin et al., arXiv 2308.12029, 2023", gives_direction(joint_only(GradientKind::jacobian)));
}

}  // namespace infomtl::weightings
