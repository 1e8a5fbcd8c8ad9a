#include "infomtl/weighting/equal.h"

#include "weighting/builtin.h"

namespace infomtl {

void Equal::backward(TaskGradients& task_gradients) {
  const double weight = settings_.reduction == "sum" ? 1.0 : 1.0 / static_cast<double>(task_gradients.task_count());
  task_gradients.apply_weights(torch::full({static_cast<std::int64_t>(task_gradients.size())}, weight));
}

std::shared_ptr<GradientWeighting> equal_weighting() { return std::make_shared<Equal>(); }

namespace weightings {

void EqualSettings::fields(FieldVisitor& f) {
  f.choice("reduction", reduction, {"sum", "mean"}, "weight 1, or 1/T for T tasks in the experiment");
}

WeightingFactory equal(EqualSettings settings) { return made_by<Equal>("equal", std::move(settings)); }

void register_equal(WeightingRegistry& registry) {
  registry.add<Equal>("equal", "every task counts the same (EW)", "Caruana, Machine Learning 1997",
                      in_both_regimes(GradientKind::losses));
}

}  // namespace weightings
}  // namespace infomtl
