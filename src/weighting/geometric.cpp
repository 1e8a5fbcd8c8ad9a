#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// GLS: the geometric mean of the losses.
class Geometric final : public GradientWeighting {
 public:
  using Settings = NoSettings;
  Geometric(Settings /*settings*/, const WeightingTasks& /*tasks*/) {}
  void backward(GradientProblem& problem) override { problem.apply_weights(ops::geometric(problem.losses()).weights); }
};

void register_geometric(WeightingRegistry& registry) {
  registry.add<Geometric>("geometric", "geometric mean of the losses (GLS)", "Chennupati et al., CVPR Workshops 2019",
                          joint_only("losses"));
}

}  // namespace infomtl::weightings
