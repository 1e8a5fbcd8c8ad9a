#include "infomtl/ops/aggregation/balance.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void ConflictFreeSettings::fields(FieldVisitor& f) { head_gradient_field(f, head_gradient); }

/// ConFIG: equal cosines with every task's gradient.
class ConFig final : public GramWeighting {
 public:
  using Settings = ConflictFreeSettings;
  ConFig(Settings settings, const WeightingContext& /*tasks*/) : GramWeighting(settings.head_gradient) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& /*task_gradients*/) override {
    return solved(ops::conflict_free(gram));
  }
};

WeightingFactory conflict_free(ConflictFreeSettings settings) {
  return made_by<ConFig>("conflict_free", std::move(settings));
}

void register_conflict_free(WeightingRegistry& registry) {
  registry.add<ConFig>("conflict_free", "ConFIG, conflict-free inverse gradients: equal cosines with every task",
                       "Liu, Chu, Thuerey, 2024", joint_only(GradientKind::gram));
  registry.add_alias("config", "conflict_free");
}

}  // namespace infomtl::weightings
