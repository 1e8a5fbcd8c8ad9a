#include "infomtl/ops/aggregation/loss_weights.h"
#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

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
  }
  void backward(TaskGradients& task_gradients) override {
    before_ = task_gradients.losses().to(torch::kCPU);
    task_gradients.apply_weights(ops::famo(before_, of_step(logits_, task_gradients), minimum(task_gradients)).weights);
  }
  void after_update(TaskGradients& task_gradients) override {
    RowsOfStep logits(logits_, task_gradients);
    const torch::Tensor gradient =
        ops::famo_logit_gradient(logits.rows, before_, task_gradients.reevaluate_losses(), minimum(task_gradients)) +
        settings_.weight_decay * logits.rows;
    logits.rows = adam_step(logits.rows, gradient, settings_.learning_rate, adam_, task_gradients);
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("logits", logits_);
    visit(adam_, visitor);
  }

 private:
  torch::Tensor minimum(const TaskGradients& task_gradients) const {
    return torch::full({static_cast<std::int64_t>(task_gradients.size())}, settings_.minimum, torch::kFloat64);
  }

  Settings settings_;
  torch::Tensor logits_, before_;
  ops::AdamState adam_;
};

WeightingFactory famo(FamoSettings settings) { return made_by<Famo>("famo", std::move(settings)); }

void register_famo(WeightingRegistry& registry) {
  registry.add<Famo>("famo", "fast adaptive multitask optimisation: all log losses fall alike",
                     "Liu et al., NeurIPS 2023", joint_only(GradientKind::losses));
}

}  // namespace infomtl::weightings
