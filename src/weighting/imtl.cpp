#include "infomtl/ops/aggregation/balance.h"
#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void ImtlSettings::fields(FieldVisitor& f) {
  f.field("scale_losses", scale_losses, "IMTL-L before IMTL-G; false: IMTL-G alone");
  learning_rate_field(f, learning_rate);
  f.only_where(scale_losses, {"learning_rate"}, "\"scale_losses\" is true");
  f.choice("gradient", gradient, {"parameters", "representation"}, "as in mgda");
}

/// IMTL: losses brought to one scale by IMTL-L (learned s_t), then IMTL-G's equal projections on the scaled gradients.
/// Heads get e^{s_t} times the gradient of their loss.
class Imtl final : public GradientWeighting {
 public:
  using Settings = ImtlSettings;
  Imtl(Settings settings, const WeightingContext& tasks) : settings_(std::move(settings)) {
    log_scale_ = register_parameter("log_scale", torch::zeros({static_cast<std::int64_t>(tasks.names.size())}));
    log_scale_.set_requires_grad(settings_.scale_losses);
  }
  void backward(TaskGradients& task_gradients) override {
    torch::Tensor gram;
    if (settings_.gradient == "parameters") {
      gram = task_gradients.gram();
    } else {
      std::vector<torch::Tensor> rows;
      for (const torch::Tensor& gradient : task_gradients.representation_gradients()) rows.push_back(gradient.sum(0));
      gram = ops::gram(torch::stack(rows));
    }
    diagnostics_.see(gram, task_gradients);
    const ops::LossWeights losses = ops::imtl_l(task_gradients.losses(), of_step(log_scale_.detach(), task_gradients));
    const torch::Tensor scale = losses.weights.to(torch::kCPU);
    const ops::Solution found = ops::imtl_g(gram * scale.unsqueeze(0) * scale.unsqueeze(1));
    task_gradients.apply_weights(diagnostics_.see(found) * scale, scale);
    if (settings_.scale_losses) add_gradient(log_scale_, task_gradients, losses.parameter_gradient);
  }

  Diagnostics diagnostics() const override { return diagnostics_.named(); }

  std::vector<ParameterGroup> parameter_groups() const override { return own_rate("*", settings_.learning_rate); }

 private:
  Settings settings_;
  GramDiagnostics diagnostics_;
  torch::Tensor log_scale_;
};

WeightingFactory imtl(ImtlSettings settings) { return made_by<Imtl>("imtl", std::move(settings)); }

void register_imtl(WeightingRegistry& registry) {
  registry.add<Imtl>("imtl", "impartial multi-task learning: scaled losses, equal projections (IMTL-G + L)",
                     "Liu et al., ICLR 2021", joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
