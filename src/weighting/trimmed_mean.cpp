#include <algorithm>

#include "infomtl/ops/aggregation/robust.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void TrimmedMeanSettings::fields(FieldVisitor& f) { f.field("trim", trim, "values dropped at each end", at_least(0)); }

void check_tasks(const TrimmedMeanSettings& settings, const WeightingContext& tasks, const Refusal& refuse) {
  const auto count = static_cast<std::int64_t>(tasks.names.size());
  if (count <= 2 * settings.trim) {
    refuse("trim",
           std::to_string(settings.trim) + " at each end leaves nothing of " + std::to_string(count) + " tasks");
  }
}

/// Mean of each entry without its smallest and largest values.
class TrimmedMean final : public GradientWeighting {
 public:
  using Settings = TrimmedMeanSettings;
  TrimmedMean(Settings settings, const WeightingContext& /*tasks*/) : settings_(settings) {}
  void backward(TaskGradients& task_gradients) override {
    // In a step that has rows of few tasks fewer are dropped, so that one stays.
    const std::int64_t most = (static_cast<std::int64_t>(task_gradients.size()) - 1) / 2;
    task_gradients.apply_direction(ops::trimmed_mean(task_gradients.jacobian(), std::min(settings_.trim, most)));
  }

 private:
  Settings settings_;
};

WeightingFactory trimmed_mean(TrimmedMeanSettings settings) {
  return made_by<TrimmedMean>("trimmed_mean", std::move(settings));
}

void register_trimmed_mean(WeightingRegistry& registry) {
  add_checked<TrimmedMean>(registry, "trimmed_mean", "entrywise mean without extremes", "Yin et al., ICML 2018",
                           gives_direction(joint_only(GradientKind::jacobian)));
}

}  // namespace infomtl::weightings
