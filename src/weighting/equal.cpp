#include "infomtl/weighting/equal.h"

#include "weighting/builtin.h"

namespace infomtl {

void Equal::backward(GradientProblem& problem) {
  const double weight = settings_.reduction == "sum" ? 1.0 : 1.0 / static_cast<double>(problem.task_count());
  problem.apply_weights(torch::full({static_cast<std::int64_t>(problem.size())}, weight));
}

std::shared_ptr<GradientWeighting> equal_weighting() { return std::make_shared<Equal>(); }

namespace weightings {

void register_equal(WeightingRegistry& registry) {
  registry.add<Equal>("equal", "every task counts the same (EW)", "Caruana, Machine Learning 1997",
                      in_both_regimes("losses"));
}

}  // namespace weightings
}  // namespace infomtl
