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
    const ops::Orders orders = ops::random_orders(task_gradients.size(), random);
    if (task_gradients.size() == task_gradients.task_count()) {
      return ops::gradvac(gram, orders, targets_, {.beta = beta_});
    }
    // Targets of the pairs that are there.
    std::vector<std::int64_t> places;
    for (const std::size_t task : task_gradients.tasks()) places.push_back(static_cast<std::int64_t>(task));
    const torch::Tensor index = torch::tensor(places, torch::kInt64);
    const auto count = static_cast<std::int64_t>(task_gradients.task_count());
    if (!targets_.defined()) targets_ = torch::zeros({count, count}, torch::kFloat64);
    torch::Tensor own = targets_.index_select(0, index).index_select(1, index);
    torch::Tensor found = ops::gradvac(gram, orders, own, {.beta = beta_});
    targets_ = targets_.index_put({index.unsqueeze(1), index.unsqueeze(0)}, own);
    return found;
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
