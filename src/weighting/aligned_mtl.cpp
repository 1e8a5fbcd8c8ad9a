#include "infomtl/ops/aggregation/balance.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void AlignedMtlSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  gradient_field(f, gradient);
  f.choice("scale", scale, {"min", "median", "mean"}, "which eigenvalue all are brought to");
}

/// Aligned-MTL: all principal components of the gradient matrix brought to one scale.
class AlignedMtl final : public GramWeighting {
 public:
  using Settings = AlignedMtlSettings;
  AlignedMtl(Settings settings, const WeightingContext& /*tasks*/)
      : GramWeighting(settings.head_gradient, settings.gradient),
        scale_(settings.scale == "min"      ? ops::AlignedScale::kMin
               : settings.scale == "median" ? ops::AlignedScale::kMedian
                                            : ops::AlignedScale::kMean) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& task_gradients) override {
    const torch::Tensor ones = torch::ones({static_cast<std::int64_t>(task_gradients.size())}, torch::kFloat64);
    return solved(ops::aligned_mtl(gram, {.scale = scale_, .preference = ones}));
  }

 private:
  ops::AlignedScale scale_;
};

WeightingFactory aligned_mtl(AlignedMtlSettings settings) {
  return made_by<AlignedMtl>("aligned_mtl", std::move(settings));
}

void register_aligned_mtl(WeightingRegistry& registry) {
  registry.add<AlignedMtl>("aligned_mtl", "aligns principal components of the gradients", "Senushkin et al., CVPR 2023",
                           joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
