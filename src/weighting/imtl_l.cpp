#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void ImtlLSettings::fields(FieldVisitor& f) {
  f.field("initial_log_scale", initial_log_scale, "s at the start");
  learning_rate_field(f, learning_rate);
}

/// IMTL-L: sum_t e^{s_t} L_t - s_t with s_t learned. Only steps with task t give s_t a gradient; in the others it has
/// gradient 0, and the optimiser's moments go on moving it.
class ImtlL final : public GradientWeighting {
 public:
  using Settings = ImtlLSettings;
  ImtlL(Settings settings, const WeightingContext& tasks) : learning_rate_(settings.learning_rate) {
    const auto count = static_cast<std::int64_t>(tasks.names.size());
    log_scale_ = register_parameter("log_scale", torch::full({count}, settings.initial_log_scale));
  }
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor s = of_step(log_scale_.detach(), task_gradients);
    task_gradients.apply_weights(ops::imtl_l(torch::ones_like(s), s).weights);
    add_gradient(log_scale_, task_gradients, ops::imtl_l(task_gradients.losses(), s).parameter_gradient);
  }
  std::vector<ParameterGroup> parameter_groups() const override { return own_rate("*", learning_rate_); }

 private:
  double learning_rate_;
  torch::Tensor log_scale_;
};

WeightingFactory imtl_l(ImtlLSettings settings) { return made_by<ImtlL>("imtl_l", std::move(settings)); }

void register_imtl_l(WeightingRegistry& registry) {
  registry.add<ImtlL>("imtl_l", "learned scales that bring all losses to one (IMTL-L)", "Liu et al., ICLR 2021",
                      in_both_regimes(GradientKind::losses));
}

}  // namespace infomtl::weightings
