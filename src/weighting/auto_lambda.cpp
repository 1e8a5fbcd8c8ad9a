#include "infomtl/ops/aggregation/bilevel.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void AutoLambdaSettings::fields(FieldVisitor& f) {
  f.field("inner_learning_rate", inner_learning_rate, "of the virtual step", above(0));
  meta_step_fields(f, meta_optimizer, meta_learning_rate);
  f.field("initial_weight", initial_weight, "of every task", above_to(0, weight_range().high));
}

/// Auto-Lambda: weights that, by a virtual step of the shared parameters, lower the losses of another batch; their
/// gradient by a finite difference. The virtual step is plain descent; heads stay where they are for it.
class AutoLambda final : public GradientWeighting {
 public:
  using Settings = AutoLambdaSettings;
  AutoLambda(Settings settings, const WeightingContext& tasks)
      : settings_(settings), meta_step_(settings.meta_optimizer, settings.meta_learning_rate) {
    lambda_ = torch::full({static_cast<std::int64_t>(tasks.names.size())}, settings.initial_weight, torch::kFloat64);
  }
  void backward(TaskGradients& task_gradients) override {
    TaskGradients& inner = task_gradients.independent(0);
    RowsOfStep lambda(lambda_, task_gradients);
    const auto of_tasks = [&](const torch::Tensor& rows) { return for_tasks_of(task_gradients, inner, rows); };
    const torch::Tensor shift = ops::combine(of_tasks(inner.jacobian()), -settings_.inner_learning_rate * lambda.rows);
    const torch::Tensor upper = task_gradients.independent(1).jacobian_at(shift).sum(0);
    const double step = ops::auto_lambda_step(upper.norm().item<double>());
    const torch::Tensor gradient =
        ops::auto_lambda_gradient(of_tasks(inner.losses_at(step * upper)), of_tasks(inner.losses_at(-step * upper)),
                                  settings_.inner_learning_rate, step);
    lambda.rows = meta_step_(lambda.rows, gradient, task_gradients).clamp_min(0);
    task_gradients.apply_weights(lambda.rows);
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("lambda", lambda_);
    meta_step_.visit_state(visitor);
  }

 private:
  Settings settings_;
  MetaStep meta_step_;
  torch::Tensor lambda_;
};

WeightingFactory auto_lambda(AutoLambdaSettings settings) {
  return made_by<AutoLambda>("auto_lambda", std::move(settings));
}

void register_auto_lambda(WeightingRegistry& registry) {
  registry.add<AutoLambda>("auto_lambda", "weights learned through a virtual step on another batch",
                           "Liu et al., TMLR 2022", reads_batches(joint_only(GradientKind::jacobian), 3));
}

}  // namespace infomtl::weightings
