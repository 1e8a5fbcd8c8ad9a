#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void StchSettings::fields(FieldVisitor& f) {
  f.field("mu", mu, "smoothness: to 0 it becomes the worst task alone", above(0));
  f.field("warmup_epochs", warmup_epochs, "epochs before the one that gives the nadir", at_least(0));
}

/// STCH: smooth Tchebycheff scalarisation of log losses over their nadir, the mean losses of the epoch after the
/// warm-up; until then the sum of log losses.
class Stch final : public GradientWeighting {
 public:
  using Settings = StchSettings;
  Stch(Settings settings, const WeightingContext& /*tasks*/) : settings_(settings) {}
  void backward(TaskGradients& task_gradients) override {
    const torch::Tensor nadir = nadir_.defined() ? of_step(nadir_, task_gradients) : torch::Tensor();
    const bool known = nadir.defined() && !nadir.isnan().any().item<bool>();
    task_gradients.apply_weights((known ? ops::stch(task_gradients.losses(), nadir, settings_.mu)
                                        : ops::scale_invariant(task_gradients.losses()))
                                     .weights);
  }
  void end_epoch(std::int64_t epoch, const std::vector<double>& mean_losses) override {
    if (epoch < settings_.warmup_epochs) return;
    const torch::Tensor means = torch::tensor(mean_losses, torch::kFloat64);
    nadir_ = nadir_.defined() ? torch::where(nadir_.isnan(), means, nadir_) : means;
  }
  void visit_state(StateVisitor& visitor) override { visitor.tensor("nadir", nadir_); }

 private:
  Settings settings_;
  torch::Tensor nadir_;
};

WeightingFactory stch(StchSettings settings) { return made_by<Stch>("stch", std::move(settings)); }

void register_stch(WeightingRegistry& registry) {
  registry.add<Stch>("stch", "smooth Tchebycheff scalarisation", "Lin et al., ICML 2024",
                     joint_only(GradientKind::losses));
}

}  // namespace infomtl::weightings
