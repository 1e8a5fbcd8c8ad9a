#include "infomtl/ops/aggregation/balance.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void FairGradSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  f.field("alpha", alpha, "fairness: 1 is the Nash solution, large approaches max-min", above(0));
}

/// FairGrad: alpha-fair weights, (K w)_t = w_t^(-1/alpha). Where no solution exists each task keeps its last weight, 1
/// where it had none.
class FairGrad final : public GramWeighting {
 public:
  using Settings = FairGradSettings;
  FairGrad(Settings settings, const WeightingContext& /*tasks*/)
      : GramWeighting(settings.head_gradient), alpha_(settings.alpha) {}
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", last_); }

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& task_gradients) override {
    const ops::Solution found = ops::fairgrad(gram, alpha_);
    solved(found);
    // A checkpoint of before tasks had places here may hold the weights of some of them, which can't be told apart.
    const auto tasks = static_cast<std::int64_t>(task_gradients.task_count());
    if (last_.defined() && last_.size(0) != tasks) last_ = torch::Tensor();
    RowsOfStep last(last_, task_gradients, 1.0);
    if (!found.stationary) last.rows = found.weights;
    if (!last.rows.defined()) last.rows = torch::ones_like(found.weights);
    return last.rows;
  }

 private:
  double alpha_;
  torch::Tensor last_;  ///< [tasks of the experiment]
};

WeightingFactory fairgrad(FairGradSettings settings) { return made_by<FairGrad>("fairgrad", std::move(settings)); }

void register_fairgrad(WeightingRegistry& registry) {
  registry.add<FairGrad>("fairgrad", "alpha-fair task weights", "Ban, Ji, ICML 2024", joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
