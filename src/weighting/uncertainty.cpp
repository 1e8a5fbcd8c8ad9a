#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void UncertaintySettings::fields(FieldVisitor& f) {
  f.field("initial_log_variance", initial_log_variance, "s at the start: -0.5 in LibMTL, 0 in TorchJD");
  learning_rate_field(f, learning_rate);
  f.choice("form", form, {"regression", "classification"}, "weight e^{-s}/2, or e^{-s}");
}

/// UW: sum_t c e^{-s_t} L_t + s_t / 2 with s_t learned. Only steps with task t give s_t a gradient; in others it has
/// gradient 0, and the optimiser's moments go on moving it.
class Uncertainty final : public GradientWeighting {
 public:
  using Settings = UncertaintySettings;
  Uncertainty(Settings settings, const WeightingContext& tasks)
      : form_(settings.form == "regression" ? ops::UncertaintyForm::kRegression
                                            : ops::UncertaintyForm::kClassification),
        learning_rate_(settings.learning_rate) {
    const auto count = static_cast<std::int64_t>(tasks.names.size());
    log_variance_ = register_parameter("log_variance", torch::full({count}, settings.initial_log_variance));
  }
  void backward(TaskGradients& task_gradients) override {
    // The weights do not depend on the losses, so they are given before the losses are asked for.
    const torch::Tensor s = of_step(log_variance_.detach(), task_gradients);
    task_gradients.apply_weights(ops::uncertainty(torch::ones_like(s), s, form_).weights);
    add_gradient(log_variance_, task_gradients, ops::uncertainty(task_gradients.losses(), s, form_).parameter_gradient);
  }
  std::vector<ParameterGroup> parameter_groups() const override { return own_rate("*", learning_rate_); }

 private:
  ops::UncertaintyForm form_;
  double learning_rate_;
  torch::Tensor log_variance_;
};

WeightingFactory uncertainty(UncertaintySettings settings) {
  return made_by<Uncertainty>("uncertainty", std::move(settings));
}

void register_uncertainty(WeightingRegistry& registry) {
  registry.add<Uncertainty>("uncertainty", "homoscedastic uncertainty as learned weights (UW)",
                            "Kendall, Gal, Cipolla, CVPR 2018", in_both_regimes(GradientKind::losses));
}

}  // namespace infomtl::weightings
