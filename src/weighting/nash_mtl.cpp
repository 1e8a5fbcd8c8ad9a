#include "infomtl/ops/aggregation/balance.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// Nash-MTL: the bargaining solution K a = 1/a. Where tasks can't agree (no common descent) the last weights are kept.
class NashMtl final : public GramWeighting {
 public:
  struct Settings : GramSettings {
    Settings() : GramSettings("weighted") {}
    double max_norm = 1.0;
    std::int64_t update_every = 1;
    void fields(FieldVisitor& f) {
      GramSettings::fields(f);
      f.field("max_norm", max_norm, "norm the direction is shortened to; 0: none", at_least(0));
      f.field("update_every", update_every, "steps between two solutions", at_least(1));
    }
  };
  NashMtl(Settings settings, const WeightingTasks& /*tasks*/) : GramWeighting(settings), settings_(settings) {}
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", last_); }

 protected:
  torch::Tensor weights(const torch::Tensor& gram, GradientProblem& problem) override {
    if (last_.defined() && problem.step() % settings_.update_every != 0) return last_;
    const ops::Solution found = ops::nash_mtl(gram, settings_.max_norm);
    if (!last_.defined() || !found.stationary)
      last_ = found.stationary ? torch::ones_like(found.weights) : found.weights;
    return last_;
  }

 private:
  Settings settings_;
  torch::Tensor last_;
};

void register_nash_mtl(WeightingRegistry& registry) {
  registry.add<NashMtl>("nash_mtl", "Nash bargaining of the tasks", "Navon et al., ICML 2022", joint_only("gram"));
}

}  // namespace infomtl::weightings
