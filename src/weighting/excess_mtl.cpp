#include <algorithm>

#include "infomtl/ops/aggregation/tracking.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void ExcessMtlSettings::fields(FieldVisitor& f) {
  f.field("step_size", options.step_size, "of the exponentiated weights", above(0));
  f.field("warmup_steps", options.warmup_steps, "steps whose mean excess is the unit", at_least(1));
  head_gradient_field(f, head_gradient);
}

/// ExcessMTL: tasks far from their optimum, by an estimate of excess risk, gain weight.
class ExcessMtl final : public GradientWeighting {
 public:
  using Settings = ExcessMtlSettings;
  ExcessMtl(Settings settings, const WeightingContext& /*tasks*/) : settings_(std::move(settings)) {}
  void backward(TaskGradients& task_gradients) override {
    const auto count = static_cast<double>(task_gradients.size());
    const std::int64_t warmup_steps = settings_.options.warmup_steps;
    if (state_.unit.defined() && !state_.warmups.defined()) {  // a checkpoint with one count for all tasks
      state_.warmups = torch::full_like(state_.unit, static_cast<double>(std::min(state_.step, warmup_steps)));
    }
    RowsOfStep squares(state_.squares, task_gradients, 0.0), unit(state_.unit, task_gradients, 0.0);
    RowsOfStep warmups(state_.warmups, task_gradients, 0.0);
    RowsOfStep shares(state_.weights, task_gradients, 1.0, RowsOfStep::Sum::kept, count);
    // A task that the warm-up never saw has no unit: it takes the others' mean.
    if (unit.rows.defined() && state_.step >= warmup_steps) {
      const auto whole = static_cast<double>(warmup_steps);
      const torch::Tensor sums = state_.unit * (whole / state_.warmups);  // as if of all of the warm-up
      const torch::Tensor known = sums.masked_select(state_.unit > 0);
      if (known.numel() > 0) {
        warmups.rows = torch::where(unit.rows > 0, warmups.rows, torch::full_like(warmups.rows, whole));
        unit.rows = torch::where(unit.rows > 0, unit.rows, known.mean());
      }
    }
    ops::ExcessState own{.squares = squares.rows,
                         .unit = unit.rows,
                         .warmups = warmups.rows,
                         .weights = shares.rows,
                         .step = state_.step};
    const torch::Tensor weights = ops::excess_mtl(task_gradients.jacobian(), own, settings_.options);
    squares.rows = own.squares, unit.rows = own.unit, warmups.rows = own.warmups, shares.rows = own.weights;
    state_.step = own.step;
    task_gradients.apply_weights(weights, head_weights(settings_.head_gradient, weights));
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("squares", state_.squares);
    visitor.tensor("unit", state_.unit);
    visitor.tensor("warmups", state_.warmups);
    visitor.tensor("weights", state_.weights);
    visitor.counter("step", state_.step);
  }

 private:
  Settings settings_;
  ops::ExcessState state_;
};

WeightingFactory excess_mtl(ExcessMtlSettings settings) {
  return made_by<ExcessMtl>("excess_mtl", std::move(settings));
}

void register_excess_mtl(WeightingRegistry& registry) {
  registry.add<ExcessMtl>("excess_mtl", "weights by estimated excess risk", "He et al., ICML 2024",
                          joint_only(GradientKind::jacobian));
}

}  // namespace infomtl::weightings
