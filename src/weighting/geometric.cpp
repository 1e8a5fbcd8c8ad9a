#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// GLS: the geometric mean of the losses.
class Geometric final : public GradientWeighting {
 public:
  using Settings = NoSettings;
  Geometric(Settings /*settings*/, const WeightingContext& /*tasks*/) {}
  void backward(TaskGradients& task_gradients) override {
    task_gradients.apply_weights(ops::geometric(task_gradients.losses()).weights);
  }
};

WeightingFactory geometric() { return made_by<Geometric>("geometric", {}); }

void register_geometric(WeightingRegistry& registry) {
  registry.add<Geometric>("geometric", "geometric mean of the losses (GLS)", "Chennupati et al., CVPR Workshops 2019",
                          joint_only(GradientKind::losses));
}

}  // namespace infomtl::weightings
