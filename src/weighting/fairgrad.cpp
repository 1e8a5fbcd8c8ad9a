#include "infomtl/ops/aggregation/balance.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void FairGradSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  f.field("alpha", alpha, "fairness: 1 is the Nash solution, large approaches max-min", above(0));
}

/// FairGrad: alpha-fair weights, (K w)_t = w_t^(-1/alpha). Where no solution exists the last weights are kept.
class FairGrad final : public GramWeighting {
 public:
  using Settings = FairGradSettings;
  FairGrad(Settings settings, const WeightingContext& /*tasks*/)
      : GramWeighting(settings.head_gradient), alpha_(settings.alpha) {}
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", last_); }

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& /*task_gradients*/) override {
    const ops::Solution found = ops::fairgrad(gram, alpha_);
    solved(found);
    if (!last_.defined() || !found.stationary)
      last_ = found.stationary ? torch::ones_like(found.weights) : found.weights;
    return last_;
  }

 private:
  double alpha_;
  torch::Tensor last_;
};

WeightingFactory fairgrad(FairGradSettings settings) { return made_by<FairGrad>("fairgrad", std::move(settings)); }

void register_fairgrad(WeightingRegistry& registry) {
  registry.add<FairGrad>("fairgrad", "alpha-fair task weights", "Ban, Ji, ICML 2024", joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
