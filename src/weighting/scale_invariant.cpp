#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void ScaleInvariantSettings::fields(FieldVisitor& f) {
  f.field("epsilon", epsilon, "added to a loss before the logarithm", above(0));
}

/// SI: the sum of log losses.
class ScaleInvariant final : public GradientWeighting {
 public:
  using Settings = ScaleInvariantSettings;
  ScaleInvariant(Settings settings, const WeightingContext& /*tasks*/) : settings_(settings) {}
  void backward(TaskGradients& task_gradients) override {
    task_gradients.apply_weights(ops::scale_invariant(task_gradients.losses(), settings_.epsilon).weights);
  }

 private:
  Settings settings_;
};

WeightingFactory scale_invariant(ScaleInvariantSettings settings) {
  return made_by<ScaleInvariant>("scale_invariant", std::move(settings));
}

void register_scale_invariant(WeightingRegistry& registry) {
  registry.add<ScaleInvariant>("scale_invariant", "sum of log losses (SI)", "as compared in Navon et al., ICML 2022",
                               in_both_regimes(GradientKind::losses));
}

}  // namespace infomtl::weightings
