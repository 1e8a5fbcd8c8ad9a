#include "infomtl/ops/aggregation/robust.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void GradDropSettings::fields(FieldVisitor& f) {
  f.field("leak", leak, "share of a dropped entry that passes", between(0, 1));
  f.choice("gradient", gradient, {"parameters", "representation"},
           "mask the shared parameters' gradients, or those of the representation (tasks have their own inputs: "
           "the purity is "
           "taken over sums of rows)");
}

/// GradDrop: every entry of the gradient follows one sign, drawn by how pure its sign is. On representations (the
/// paper's) with the sign of the representation; on shared parameters entry by entry.
class GradDrop final : public GradientWeighting {
 public:
  using Settings = GradDropSettings;
  GradDrop(Settings settings, const WeightingContext& /*tasks*/) : settings_(std::move(settings)) {}
  void backward(TaskGradients& task_gradients) override {
    RandomStream random = task_gradients.random();
    const ops::GradDropOptions options{
        .leak = torch::full({static_cast<std::int64_t>(task_gradients.size())}, settings_.leak, torch::kFloat64)};
    if (settings_.gradient == "parameters") {
      const torch::Tensor jacobian = task_gradients.jacobian();
      task_gradients.apply_direction(ops::graddrop(jacobian, ops::uniform_sample(jacobian.size(1), random), options));
      return;
    }
    std::vector<torch::Tensor> gradients = task_gradients.representation_gradients();
    const std::vector<torch::Tensor> values = task_gradients.representations();
    std::vector<torch::Tensor> scores;
    for (std::size_t k = 0; k < gradients.size(); ++k) scores.push_back((gradients[k] * values[k].sign()).sum(0));
    const torch::Tensor stacked = torch::stack(scores);
    const torch::Tensor shares = ops::graddrop_shares(stacked, ops::uniform_sample(stacked.size(1), random), options);
    for (std::size_t k = 0; k < gradients.size(); ++k)
      gradients[k] = gradients[k] * shares[static_cast<std::int64_t>(k)];
    task_gradients.apply_representation_gradients(gradients);
  }

 private:
  Settings settings_;
};

WeightingFactory graddrop(GradDropSettings settings) { return made_by<GradDrop>("graddrop", std::move(settings)); }

void register_graddrop(WeightingRegistry& registry) {
  registry.add<GradDrop>("graddrop", "gradient sign dropout", "Chen et al., NeurIPS 2020",
                         gives_direction(joint_only(GradientKind::jacobian)));
}

}  // namespace infomtl::weightings
