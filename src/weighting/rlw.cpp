#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void RlwSettings::fields(FieldVisitor& f) {
  f.choice("distribution", distribution, {"normal", "dirichlet"}, "softmax of normals, or a Dirichlet draw");
  f.field("concentration", concentration, "of the Dirichlet distribution", above(0));
  f.only_where(distribution == "dirichlet", {"concentration"}, "\"distribution\" is \"dirichlet\"");
}

/// RLW: new random weights every step. Times T, so that their mean is 1 in both regimes.
class Rlw final : public GradientWeighting {
 public:
  using Settings = RlwSettings;
  Rlw(Settings settings, const WeightingContext& tasks)
      : settings_(std::move(settings)), tasks_(static_cast<std::int64_t>(tasks.names.size())) {}
  void backward(TaskGradients& task_gradients) override {
    RandomStream random = task_gradients.random();
    const torch::Tensor weights = settings_.distribution == "normal"
                                      ? ops::rlw_normal(tasks_, random)
                                      : ops::rlw_dirichlet(tasks_, random, settings_.concentration);
    task_gradients.apply_weights(of_step(weights * static_cast<double>(tasks_), task_gradients));
  }

 private:
  Settings settings_;
  std::int64_t tasks_;
};

WeightingFactory rlw(RlwSettings settings) { return made_by<Rlw>("rlw", std::move(settings)); }

void register_rlw(WeightingRegistry& registry) {
  registry.add<Rlw>("rlw", "random loss weighting", "Lin, Ye, Zhang, Tsang, TMLR 2022",
                    in_both_regimes(GradientKind::losses));
}

}  // namespace infomtl::weightings
