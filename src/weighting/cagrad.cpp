#include "infomtl/ops/aggregation/conflict.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void CaGradSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  f.field("c", c, "radius of the ball in norms of the mean gradient", at_least(0));
  f.field("rescale", rescale, "0: none, 1: divide by 1 + c^2, 2: divide by 1 + c", between(0, 2));
}

/// CAGrad: the best worst-task improvement within a ball around the mean gradient.
class CaGrad final : public GramWeighting {
 public:
  using Settings = CaGradSettings;
  CaGrad(Settings settings, const WeightingContext& /*tasks*/)
      : GramWeighting(settings.head_gradient), settings_(settings) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& /*task_gradients*/) override {
    return solved(ops::cagrad(gram, settings_.c, static_cast<ops::Rescale>(settings_.rescale)));
  }

 private:
  Settings settings_;
};

WeightingFactory cagrad(CaGradSettings settings) { return made_by<CaGrad>("cagrad", std::move(settings)); }

void register_cagrad(WeightingRegistry& registry) {
  registry.add<CaGrad>("cagrad", "conflict-averse gradient descent", "Liu et al., NeurIPS 2021",
                       joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
