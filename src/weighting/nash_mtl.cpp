#include "infomtl/ops/aggregation/balance.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void NashMtlSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  f.field("max_norm", max_norm, "norm the shared direction is shortened to; 0: none", at_least(0));
  f.field("update_every", update_every, "steps between two solutions", at_least(1));
}

/// Nash-MTL: the bargaining solution K a = 1/a. Where tasks can't agree (no common descent) the last weights are kept.
/// The shared direction is shortened in every step; heads get the weights as they are.
class NashMtl final : public GradientWeighting {
 public:
  using Settings = NashMtlSettings;
  NashMtl(Settings settings, const WeightingContext& /*tasks*/) : settings_(std::move(settings)) {}
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor gram = task_gradients.gram();
    diagnostics_.see(gram, task_gradients);
    RowsOfStep last(last_, task_gradients, 1.0);
    if (!last.rows.defined() || task_gradients.step() % settings_.update_every == 0) {
      const ops::Solution found = ops::nash_mtl(gram);
      diagnostics_.see(found);
      if (!found.stationary) last.rows = found.weights;
      if (!last.rows.defined()) last.rows = torch::ones_like(found.weights);
    }
    const bool plain = settings_.head_gradient == "plain";
    task_gradients.apply_weights(ops::shortened(last.rows, gram, settings_.max_norm),
                                 plain ? torch::ones_like(last.rows) : last.rows);
  }
  Diagnostics diagnostics() const override { return diagnostics_.named(); }
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", last_); }

 private:
  Settings settings_;
  GramDiagnostics diagnostics_;
  torch::Tensor last_;
};

WeightingFactory nash_mtl(NashMtlSettings settings) { return made_by<NashMtl>("nash_mtl", std::move(settings)); }

void register_nash_mtl(WeightingRegistry& registry) {
  registry.add<NashMtl>("nash_mtl", "Nash bargaining of the tasks", "Navon et al., ICML 2022",
                        joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
