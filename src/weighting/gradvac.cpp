#include "infomtl/ops/aggregation/conflict.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// GradVac: lifts the cosine of each pair to its moving average. One group, the whole of the shared parameters.
class GradVac final : public GramWeighting {
 public:
  struct Settings : GramSettings {
    double beta = 0.5;
    void fields(FieldVisitor& f) {
      GramSettings::fields(f);
      f.field("beta", beta, "weight of the new cosine in the moving average", between(0, 1));
    }
  };
  GradVac(Settings settings, const WeightingContext& /*tasks*/) : GramWeighting(settings), beta_(settings.beta) {}
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

void register_gradvac(WeightingRegistry& registry) {
  registry.add<GradVac>("gradvac", "lifts gradient cosines to a moving target", "Wang et al., ICLR 2021",
                        joint_only("gram"));
}

}  // namespace infomtl::weightings
