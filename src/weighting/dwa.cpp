#include <cmath>

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
    task_gradients.apply_weights(of_step(weights(), task_gradients));
  }
  void end_epoch(std::int64_t /*epoch*/, const std::vector<double>& mean_losses) override {
    const torch::Tensor means = torch::tensor(mean_losses, torch::kFloat64), seen = means.isnan().logical_not();
    const torch::Tensor unknown = torch::full_like(means, NAN);
    const torch::Tensor newer = newer_.defined() ? newer_ : unknown, older = older_.defined() ? older_ : unknown;
    older_ = torch::where(seen, newer, older);
    newer_ = torch::where(seen, means, newer);
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("newer", newer_);
    visitor.tensor("older", older_);
  }

 private:
  /// [tasks]; a task of which two epochs are not known yet counts as one whose loss stays.
  torch::Tensor weights() const {
    if (!newer_.defined()) return torch::ones({tasks_}, torch::kFloat64);
    const torch::Tensor known = newer_.isnan().logical_or(older_.isnan()).logical_not();
    if (!known.any().item<bool>()) return torch::ones({tasks_}, torch::kFloat64);
    const torch::Tensor one = torch::ones_like(newer_);
    return ops::dwa(tasks_, torch::where(known, newer_, one), torch::where(known, older_, one), settings_.temperature);
  }

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
