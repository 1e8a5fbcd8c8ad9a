#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// SDMGrad: the min-norm direction from products of two independent batches, applied to the gradients of a third.
class SdmGrad final : public GradientWeighting {
 public:
  struct Settings {
    ops::SdmGradOptions options;
    std::string head_gradient = "plain";
    void fields(FieldVisitor& f) {
      f.field("learning_rate", options.learning_rate, "of the inner descent (TorchJD: 10)", above(0));
      f.field("momentum", options.momentum, "of the inner descent", from_to_below(0, 1));
      f.field("iterations", options.iterations, "of the inner descent", at_least(1));
      f.field("lambda", options.lambda, "pull towards the mean direction", at_least(0));
      f.choice("head_gradient", head_gradient, {"plain", "weighted"},
               "heads get the gradient of their loss, or that times its weight");
    }
  };
  SdmGrad(Settings settings, const WeightingContext& /*tasks*/) : settings_(std::move(settings)) {}
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor cross =
        ops::cross_gram(task_gradients.independent(0).jacobian(), task_gradients.independent(1).jacobian());
    const torch::Tensor weights = ops::sdmgrad(cross, simplex_, settings_.options);
    task_gradients.apply_weights(weights, head_weights(settings_.head_gradient, weights));
  }
  void visit_state(StateVisitor& visitor) override { visitor.tensor("simplex", simplex_); }

 private:
  Settings settings_;
  torch::Tensor simplex_;
};

void register_sdmgrad(WeightingRegistry& registry) {
  registry.add<SdmGrad>("sdmgrad", "direction-oriented multi-objective descent, three batches per step",
                        "Xiao et al., NeurIPS 2023", reads_batches(joint_only("jacobian"), 3));
}

}  // namespace infomtl::weightings
