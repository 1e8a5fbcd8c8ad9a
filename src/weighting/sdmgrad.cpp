#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void SdmGradSettings::fields(FieldVisitor& f) {
  f.field("learning_rate", options.learning_rate, "of the inner descent (TorchJD: 10)", above(0));
  f.field("momentum", options.momentum, "of the inner descent", from_to_below(0, 1));
  f.field("iterations", options.iterations, "of the inner descent", at_least(1));
  f.field("lambda", options.lambda, "pull towards the mean direction", at_least(0));
  head_gradient_field(f, head_gradient);
}

/// SDMGrad: the min-norm direction from products of two independent batches, applied to the gradients of a third.
class SdmGrad final : public GradientWeighting {
 public:
  using Settings = SdmGradSettings;
  SdmGrad(Settings settings, const WeightingContext& /*tasks*/) : settings_(std::move(settings)) {}
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor cross = cross_gram_of_two_batches(task_gradients);
    RowsOfStep point(simplex_, task_gradients, 1.0 / static_cast<double>(task_gradients.task_count()),
                     RowsOfStep::Sum::kept);
    const torch::Tensor weights = ops::sdmgrad(cross, point.rows, settings_.options);
    task_gradients.apply_weights(weights, head_weights(settings_.head_gradient, weights));
  }
  void visit_state(StateVisitor& visitor) override { visitor.tensor("simplex", simplex_); }

 private:
  Settings settings_;
  torch::Tensor simplex_;
};

WeightingFactory sdmgrad(SdmGradSettings settings) { return made_by<SdmGrad>("sdmgrad", std::move(settings)); }

void register_sdmgrad(WeightingRegistry& registry) {
  registry.add<SdmGrad>("sdmgrad", "direction-oriented multi-objective descent, three batches per step",
                        "Xiao et al., NeurIPS 2023", reads_batches(joint_only(GradientKind::jacobian), 3));
}

}  // namespace infomtl::weightings
