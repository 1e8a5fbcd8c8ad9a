#include "infomtl/ops/aggregation/conflict.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void UpGradSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  f.field("ridge", ridge, "added to the diagonal of K / trace K", at_least(0));
  f.field("norm_epsilon", norm_epsilon, "a trace of K below it counts as zero (TorchJD: 1e-4)", at_least(0));
}

/// UpGrad: every task's gradient projected onto the cone where no task is hurt, then averaged.
class UpGrad final : public GramWeighting {
 public:
  using Settings = UpGradSettings;
  UpGrad(Settings settings, const WeightingContext& /*tasks*/)
      : GramWeighting(settings.head_gradient), settings_(settings) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& /*task_gradients*/) override {
    return solved(
        ops::upgrad(gram, {.norm_epsilon = settings_.norm_epsilon, .ridge = settings_.ridge, .preference = {}}));
  }

 private:
  Settings settings_;
};

WeightingFactory upgrad(UpGradSettings settings) { return made_by<UpGrad>("upgrad", std::move(settings)); }

void register_upgrad(WeightingRegistry& registry) {
  registry.add<UpGrad>("upgrad", "every task's gradient projected onto the cone where no task is hurt, then averaged",
                       "Quinton, Rey, arXiv 2406.16232, 2024", joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
