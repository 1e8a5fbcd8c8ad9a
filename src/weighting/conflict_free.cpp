#include "infomtl/ops/aggregation/balance.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// ConFIG: equal cosines with every task's gradient.
class ConFig final : public GramWeighting {
 public:
  using Settings = GramSettings;
  ConFig(Settings settings, const WeightingContext& /*tasks*/) : GramWeighting(std::move(settings)) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& /*task_gradients*/) override {
    return solved(ops::conflict_free(gram));
  }
};

void register_conflict_free(WeightingRegistry& registry) {
  registry.add<ConFig>("conflict_free", "ConFIG, conflict-free inverse gradients: equal cosines with every task",
                       "Liu, Chu, Thuerey, 2024", joint_only("gram"));
  registry.add_alias("config", "conflict_free");
}

}  // namespace infomtl::weightings
