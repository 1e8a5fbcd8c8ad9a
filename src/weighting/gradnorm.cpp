#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void GradNormSettings::fields(FieldVisitor& f) {
  f.field("alpha", alpha, "strength of the pull towards a common training rate", at_least(0));
  learning_rate_field(f, learning_rate);
  head_gradient_field(f, head_gradient);
  f.choice("gradient", gradient, {"parameters", "representation"}, "as in mgda");
}

/// GradNorm: learned weights that bring gradient norms to rates of training. Equal in the first epoch, whose mean
/// losses are the starting losses.
class GradNorm final : public GradientWeighting {
 public:
  using Settings = GradNormSettings;
  GradNorm(Settings settings, const WeightingContext& tasks) : settings_(std::move(settings)) {
    logits_ = register_parameter("logits", torch::zeros({static_cast<std::int64_t>(tasks.names.size())}));
  }
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor initial = initial_.defined() ? of_step(initial_, task_gradients) : torch::Tensor();
    if (!initial.defined() || initial.isnan().any().item<bool>()) {
      task_gradients.apply_weights(torch::ones({static_cast<std::int64_t>(task_gradients.size())}));
      return;
    }
    torch::Tensor norms;
    if (settings_.gradient == "parameters") {
      norms = task_gradients.gram().diagonal().sqrt();
    } else {
      std::vector<torch::Tensor> rows;
      for (const torch::Tensor& gradient : task_gradients.representation_gradients())
        rows.push_back(gradient.sum(0).norm());
      norms = torch::stack(rows);
    }
    const ops::GradNorm found = ops::gradnorm(norms, task_gradients.losses(), initial,
                                              of_step(logits_.detach(), task_gradients), settings_.alpha);
    task_gradients.apply_weights(found.weights, head_weights(settings_.head_gradient, found.weights));
    add_gradient(logits_, task_gradients, found.parameter_gradient);
  }
  /// A task's starting loss is its mean over the first epoch that had rows of it.
  void end_epoch(std::int64_t /*epoch*/, const std::vector<double>& mean_losses) override {
    const torch::Tensor means = torch::tensor(mean_losses, torch::kFloat64);
    initial_ = initial_.defined() ? torch::where(initial_.isnan(), means, initial_) : means;
  }
  void visit_state(StateVisitor& visitor) override { visitor.tensor("initial", initial_); }

  std::vector<ParameterGroup> parameter_groups() const override { return own_rate("*", settings_.learning_rate); }

 private:
  Settings settings_;
  torch::Tensor logits_, initial_;
};

WeightingFactory gradnorm(GradNormSettings settings) { return made_by<GradNorm>("gradnorm", std::move(settings)); }

void register_gradnorm(WeightingRegistry& registry) {
  registry.add<GradNorm>("gradnorm", "gradient norms brought to training rates", "Chen et al., ICML 2018",
                         joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
