#include <algorithm>

#include "weighting/builtin.h"

namespace infomtl::weightings {

void ConstantSettings::fields(FieldVisitor& f) {
  f.field("weights", weights, {},
          "one per task, in the order of the tasks or by their names (others 1); not normalised", weight_range());
}

void check_tasks(const ConstantSettings& settings, const WeightingContext& tasks, const Refusal& refuse) {
  std::vector<double> weights;
  try {
    weights = settings.weights.of(tasks.names, 1.0, "task");
  } catch (const ConfigError& error) {
    refuse("weights", error.what());
  }
  if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; })) {
    refuse("weights", "all are 0; nothing would be learned");
  }
}

/// The weights of the config times the losses (linear scalarisation).
class Constant final : public GradientWeighting {
 public:
  using Settings = ConstantSettings;
  Constant(const Settings& settings, const WeightingContext& tasks)
      : weights_(torch::tensor(settings.weights.of(tasks.names, 1.0, "task"), torch::kFloat64)) {}
  void backward(TaskGradients& task_gradients) override {
    task_gradients.apply_weights(of_step(weights_, task_gradients));
  }

 private:
  torch::Tensor weights_;
};

WeightingFactory constant(ConstantSettings settings) { return made_by<Constant>("constant", std::move(settings)); }

void register_constant(WeightingRegistry& registry) {
  add_checked<Constant>(registry, "constant", "weights given by hand, one per task",
                        "linear scalarisation: Xin et al., NeurIPS 2022", in_both_regimes(GradientKind::losses));
}

}  // namespace infomtl::weightings
