#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// SI: the sum of log losses.
class ScaleInvariant final : public GradientWeighting {
 public:
  struct Settings {
    double epsilon = 1e-8;
    void fields(FieldVisitor& f) { f.field("epsilon", epsilon, "added to a loss before the logarithm", above(0)); }
  };
  ScaleInvariant(Settings settings, const WeightingContext& /*tasks*/) : settings_(settings) {}
  void backward(TaskGradients& task_gradients) override {
    task_gradients.apply_weights(ops::scale_invariant(task_gradients.losses(), settings_.epsilon).weights);
  }

 private:
  Settings settings_;
};

void register_scale_invariant(WeightingRegistry& registry) {
  registry.add<ScaleInvariant>("scale_invariant", "sum of log losses (SI)", "as compared in Navon et al., ICML 2022",
                               in_both_regimes("losses"));
}

}  // namespace infomtl::weightings
