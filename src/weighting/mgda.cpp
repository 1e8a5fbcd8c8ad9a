#include "infomtl/ops/aggregation/min_norm.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void MgdaSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  gradient_field(f, gradient);
  f.choice("normalizer", normalizer, {"none", "l2", "loss", "loss+"},
           "each gradient divided by 1, its norm, its loss or both");
}

/// MGDA: the shortest vector in the convex hull of the (normalised) task gradients.
class Mgda final : public GramWeighting {
 public:
  using Settings = MgdaSettings;
  Mgda(Settings settings, const WeightingContext& /*tasks*/)
      : GramWeighting(settings.head_gradient, settings.gradient), normalizer_(settings.normalizer) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& task_gradients) override {
    const ops::Normalizer kind = normalizer_ == "none"   ? ops::Normalizer::kNone
                                 : normalizer_ == "l2"   ? ops::Normalizer::kL2
                                 : normalizer_ == "loss" ? ops::Normalizer::kLoss
                                                         : ops::Normalizer::kLossL2;
    return solved(ops::min_norm(gram, ops::normalizers(kind, gram, task_gradients.losses())));
  }

 private:
  std::string normalizer_;
};

WeightingFactory mgda(MgdaSettings settings) { return made_by<Mgda>("mgda", std::move(settings)); }

void register_mgda(WeightingRegistry& registry) {
  registry.add<Mgda>("mgda", "multiple-gradient descent: min-norm point of the gradients' hull",
                     "Sener, Koltun, NeurIPS 2018", joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
