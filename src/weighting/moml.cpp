#include "infomtl/ops/aggregation/bilevel.h"
#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void MomlSettings::fields(FieldVisitor& f) {
  f.field("inner_learning_rate", inner_learning_rate, "of the virtual step of the shared parameters", above(0));
  meta_step_fields(f, meta_optimizer, meta_learning_rate);
  f.choice("inner_batch", inner_batch, {"own", "trained"},
           "rows of the virtual step: a batch of its own, as in LibMTL, or the one that the step trains on");
}

/// MOML: like auto_lambda with one upper gradient per task, combined at their min-norm point; weights are T
/// softmax(logits). Heads stay where they are for the virtual step.
class Moml final : public GradientWeighting {
 public:
  using Settings = MomlSettings;
  Moml(Settings settings, const WeightingContext& tasks)
      : settings_(settings), meta_step_(settings.meta_optimizer, settings.meta_learning_rate) {
    logits_ = torch::zeros({static_cast<std::int64_t>(tasks.names.size())}, torch::kFloat64);
  }
  void backward(TaskGradients& task_gradients) override {
    RowsOfStep logits(logits_, task_gradients);
    TaskGradients& inner = settings_.inner_batch == "own" ? task_gradients.independent(1) : task_gradients;
    TaskGradients& outer = task_gradients.independent(0);
    const torch::Tensor lower = for_tasks_of(task_gradients, inner, inner.jacobian());
    const torch::Tensor shift = ops::combine(lower, -settings_.inner_learning_rate * torch::softmax(logits.rows, 0));
    const torch::Tensor cross = ops::cross_gram(for_tasks_of(task_gradients, outer, outer.jacobian_at(shift)), lower);
    logits.rows =
        meta_step_(logits.rows, ops::moml(cross, logits.rows, settings_.inner_learning_rate).gradient, task_gradients);
    task_gradients.apply_weights(torch::softmax(logits.rows, 0) * static_cast<double>(task_gradients.size()));
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("logits", logits_);
    meta_step_.visit_state(visitor);
  }

 private:
  Settings settings_;
  MetaStep meta_step_;
  torch::Tensor logits_;
};

WeightingFactory moml(MomlSettings settings) { return made_by<Moml>("moml", std::move(settings)); }

void register_moml(WeightingRegistry& registry) {
  registry.add<Moml>("moml", "multi-objective meta learning of the weights", "Ye et al., NeurIPS 2021",
                     reads_batches(joint_only(GradientKind::jacobian), 3));
}

}  // namespace infomtl::weightings
