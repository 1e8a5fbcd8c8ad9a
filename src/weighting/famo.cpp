#include <cmath>

#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void FamoSettings::fields(FieldVisitor& f) {
  f.field("learning_rate", learning_rate, "of the logits", above(0));
  f.field("weight_decay", weight_decay, "of the logits", at_least(0));
  f.field("minimum", minimum, "lower bound of every loss");
}

/// FAMO: weights that make all log losses fall alike, learned by an Adam step on their logits from the losses before
/// and after the update (one forward pass more a step).
class Famo final : public GradientWeighting {
 public:
  using Settings = FamoSettings;
  Famo(Settings settings, const WeightingContext& tasks) : settings_(settings) {
    logits_ = torch::zeros({static_cast<std::int64_t>(tasks.names.size())}, torch::kFloat64);
    first_ = torch::zeros_like(logits_), second_ = torch::zeros_like(logits_);
  }
  void backward(TaskGradients& task_gradients) override {
    before_ = task_gradients.losses();
    task_gradients.apply_weights(ops::famo(before_, logits_, torch::full_like(before_, settings_.minimum)).weights);
  }
  void after_update(TaskGradients& task_gradients) override {
    const torch::Tensor minimum = torch::full_like(before_, settings_.minimum);
    const torch::Tensor gradient =
        ops::famo_logit_gradient(logits_, before_, task_gradients.reevaluate_losses(), minimum) +
        settings_.weight_decay * logits_;
    ++steps_;
    first_ = 0.9 * first_ + 0.1 * gradient;
    second_ = 0.999 * second_ + 0.001 * gradient.square();
    const torch::Tensor first = first_ / (1 - std::pow(0.9, steps_)), second = second_ / (1 - std::pow(0.999, steps_));
    logits_ = logits_ - settings_.learning_rate * first / (second.sqrt() + 1e-8);
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("logits", logits_);
    visitor.tensor("first_moment", first_);
    visitor.tensor("second_moment", second_);
    visitor.counter("steps", steps_);
  }

 private:
  Settings settings_;
  torch::Tensor logits_, first_, second_, before_;
  std::int64_t steps_ = 0;
};

WeightingFactory famo(FamoSettings settings) { return made_by<Famo>("famo", std::move(settings)); }

void register_famo(WeightingRegistry& registry) {
  registry.add<Famo>("famo", "fast adaptive multitask optimisation: all log losses fall alike",
                     "Liu et al., NeurIPS 2023", joint_only(GradientKind::losses));
}

}  // namespace infomtl::weightings
