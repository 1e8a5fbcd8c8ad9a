#include "infomtl/ops/aggregation/conflict.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// CAGrad: the best worst-task improvement within a ball around the mean gradient.
class CaGrad final : public GramWeighting {
 public:
  struct Settings : GramSettings {
    double c = 0.5;
    std::int64_t rescale = 1;
    void fields(FieldVisitor& f) {
      GramSettings::fields(f);
      f.field("c", c, "radius of the ball in norms of the mean gradient", at_least(0));
      f.field("rescale", rescale, "0: none, 1: divide by 1 + c^2, 2: divide by 1 + c", between(0, 2));
    }
  };
  CaGrad(Settings settings, const WeightingContext& /*tasks*/) : GramWeighting(settings), settings_(settings) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& /*task_gradients*/) override {
    return solved(ops::cagrad(gram, settings_.c, static_cast<ops::Rescale>(settings_.rescale)));
  }

 private:
  Settings settings_;
};

void register_cagrad(WeightingRegistry& registry) {
  registry.add<CaGrad>("cagrad", "conflict-averse gradient descent", "Liu et al., NeurIPS 2021", joint_only("gram"));
}

}  // namespace infomtl::weightings
