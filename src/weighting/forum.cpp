#include <cmath>

#include "infomtl/ops/aggregation/bilevel.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void ForumSettings::fields(FieldVisitor& f) {
  f.field("phi", phi, "how fast the constraint must fall", above(0));
  f.field("inner_steps", inner_steps, "descent steps that approximate the lower optimum", at_least(1));
  f.field("inner_learning_rate", inner_learning_rate, "of those steps", above(0));
  meta_step_fields(f, meta_optimizer, meta_learning_rate);
}

/// FORUM: upper losses fall together while the lower problem (the weighted loss of other rows) stays near its own
/// optimum, which a few inner steps approximate. The multiplier of that constraint is found with the upper tasks'
/// weights in one program. Shared parameters only: heads stay where they are for the inner steps, and get the gradients of
/// the upper losses (LibMTL moves all parameters).
class ForumWeighting final : public GradientWeighting {
 public:
  using Settings = ForumSettings;
  ForumWeighting(Settings settings, const WeightingContext& tasks)
      : settings_(settings), meta_step_(settings.meta_optimizer, settings.meta_learning_rate) {
    logits_ = torch::zeros({static_cast<std::int64_t>(tasks.names.size())}, torch::kFloat64);
  }
  void backward(TaskGradients& task_gradients) override {
    TaskGradients& lower = task_gradients.independent(0);
    const auto of_tasks = [&](const torch::Tensor& rows) { return for_tasks_of(task_gradients, lower, rows); };
    RowsOfStep logits(logits_, task_gradients);
    RowsOfStep lambda(lambda_, task_gradients, 1.0 / static_cast<double>(task_gradients.task_count()),
                      RowsOfStep::Sum::kept);
    const torch::Tensor weights = torch::softmax(logits.rows, 0);
    torch::Tensor shift = torch::zeros_like(lower.jacobian()[0]);
    for (std::int64_t k = 0; k < settings_.inner_steps; ++k) {
      shift = shift - settings_.inner_learning_rate * ops::combine(of_tasks(lower.jacobian_at(shift)), weights);
    }
    // The constraint q = f(theta, w) - f(theta_K, w), theta_K held fixed: its gradients by theta and by the logits.
    const torch::Tensor by_theta = ops::combine(of_tasks(lower.jacobian()), weights);
    const torch::Tensor gap = of_tasks(lower.losses() - lower.losses_at(shift)).to(torch::kCPU, torch::kFloat64);
    const torch::Tensor by_logits = weights * (gap - (weights * gap).sum());
    const torch::Tensor upper = task_gradients.jacobian();
    torch::Tensor gram = ops::gram(torch::cat({upper, by_theta.unsqueeze(0)}));
    gram[-1][-1] += by_logits.square().sum();
    const double rate = std::pow(static_cast<double>(task_gradients.epoch()) + 1.0, -0.75);
    const ops::Forum found = ops::forum(gram, lambda.rows, rate, settings_.phi);
    lambda.rows = found.lambda;
    const torch::Tensor rows = found.row_weights.narrow(0, 0, upper.size(0));
    const torch::Tensor nu = found.row_weights[-1];
    logits.rows = meta_step_(logits.rows, nu * by_logits, task_gradients);
    task_gradients.apply_direction(ops::combine(upper, rows) + nu.to(upper.dtype()) * by_theta, rows);
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("logits", logits_);
    visitor.tensor("lambda", lambda_);
    meta_step_.visit_state(visitor);
  }

 private:
  Settings settings_;
  MetaStep meta_step_;
  torch::Tensor logits_, lambda_;
};

WeightingFactory forum(ForumSettings settings) { return made_by<ForumWeighting>("forum", std::move(settings)); }

void register_forum(WeightingRegistry& registry) {
  registry.add<ForumWeighting>("forum", "first-order value-function form of bilevel weighting", "Ye et al., ECAI 2024",
                               gives_direction(reads_batches(joint_only(GradientKind::jacobian), 2)));
}

}  // namespace infomtl::weightings
