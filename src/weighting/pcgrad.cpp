#include "infomtl/ops/aggregation/conflict.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void PcGradSettings::fields(FieldVisitor& f) { head_gradient_field(f, head_gradient); }

/// PCGrad: each gradient loses its component along every other one it conflicts with, in random order; the results are
/// added.
class PcGrad final : public GramWeighting {
 public:
  using Settings = PcGradSettings;
  PcGrad(Settings settings, const WeightingContext& /*tasks*/) : GramWeighting(settings.head_gradient) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& task_gradients) override {
    RandomStream random = task_gradients.random();
    return ops::pcgrad(gram, ops::random_orders(task_gradients.size(), random));
  }
};

WeightingFactory pcgrad(PcGradSettings settings) { return made_by<PcGrad>("pcgrad", std::move(settings)); }

void register_pcgrad(WeightingRegistry& registry) {
  registry.add<PcGrad>("pcgrad", "projects conflicting gradients", "Yu et al., NeurIPS 2020",
                       joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
