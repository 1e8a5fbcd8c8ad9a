#include "infomtl/ops/aggregation/conflict.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void DualProjSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  f.field("ridge", ridge, "added to the diagonal of K / trace K", at_least(0));
  f.field("norm_epsilon", norm_epsilon, "a trace of K below it counts as zero (TorchJD: 1e-4)", at_least(0));
}

/// DualProj: the mean gradient projected onto the cone where no task is hurt.
class DualProj final : public GramWeighting {
 public:
  using Settings = DualProjSettings;
  DualProj(Settings settings, const WeightingContext& /*tasks*/)
      : GramWeighting(settings.head_gradient), settings_(settings) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& /*task_gradients*/) override {
    return solved(
        ops::dualproj(gram, {.norm_epsilon = settings_.norm_epsilon, .ridge = settings_.ridge, .preference = {}}));
  }

 private:
  Settings settings_;
};

WeightingFactory dualproj(DualProjSettings settings) { return made_by<DualProj>("dualproj", std::move(settings)); }

void register_dualproj(WeightingRegistry& registry) {
  registry.add<DualProj>("dualproj", "the mean gradient projected onto the cone where no task is hurt",
                         "Lopez-Paz, Ranzato, NeurIPS 2017 (GEM)", joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
