#include "infomtl/ops/aggregation/conflict.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void GradVacSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  f.field("beta", beta, "weight of the new cosine in the moving average", between(0, 1));
}

/// GradVac: lifts the cosine of each pair to its moving average. One group, the whole of the shared parameters.
class GradVac final : public GramWeighting {
 public:
  using Settings = GradVacSettings;
  GradVac(Settings settings, const WeightingContext& /*tasks*/)
      : GramWeighting(settings.head_gradient), beta_(settings.beta) {}
  void visit_state(StateVisitor& visitor) override { visitor.tensor("targets", targets_); }

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& task_gradients) override {
    RandomStream random = task_gradients.random();
    return ops::gradvac(gram, ops::random_orders(task_gradients.size(), random), targets_, {.beta = beta_});
  }

 private:
  double beta_;
  torch::Tensor targets_;
};

WeightingFactory gradvac(GradVacSettings settings) { return made_by<GradVac>("gradvac", std::move(settings)); }

void register_gradvac(WeightingRegistry& registry) {
  registry.add<GradVac>("gradvac", "lifts gradient cosines to a moving target", "Wang et al., ICLR 2021",
                        joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
