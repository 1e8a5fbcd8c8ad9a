#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void DwaSettings::fields(FieldVisitor& f) { f.field("temperature", temperature, "softness of the weights", above(0)); }

/// DWA: tasks whose epoch-mean loss falls slowest get more weight; 1 each in the first two epochs.
class Dwa final : public GradientWeighting {
 public:
  using Settings = DwaSettings;
  Dwa(Settings settings, const WeightingContext& tasks)
      : settings_(settings), tasks_(static_cast<std::int64_t>(tasks.names.size())) {}
  void backward(TaskGradients& task_gradients) override {
    const bool known = newer_.defined() && older_.defined();
    const torch::Tensor weights =
        known ? ops::dwa(tasks_, newer_, older_, settings_.temperature) : torch::ones({tasks_}, torch::kFloat64);
    task_gradients.apply_weights(of_step(weights, task_gradients));
  }
  void end_epoch(std::int64_t /*epoch*/, const std::vector<double>& mean_losses) override {
    for (const double loss : mean_losses) {
      if (!(loss >= 0)) return;  // a task was not seen: its ratio is not known
    }
    older_ = newer_;
    newer_ = torch::tensor(mean_losses, torch::kFloat64);
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("newer", newer_);
    visitor.tensor("older", older_);
  }

 private:
  Settings settings_;
  std::int64_t tasks_;
  torch::Tensor newer_, older_;
};

WeightingFactory dwa(DwaSettings settings) { return made_by<Dwa>("dwa", std::move(settings)); }

void register_dwa(WeightingRegistry& registry) {
  registry.add<Dwa>("dwa", "dynamic weight average: slow tasks count more", "Liu, Johns, Davison, CVPR 2019",
                    in_both_regimes(GradientKind::losses));
}

}  // namespace infomtl::weightings
