#include "infomtl/ops/aggregation/robust.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

void KrumSettings::fields(FieldVisitor& f) {
  head_gradient_field(f, head_gradient);
  f.field("byzantine", byzantine, "rows that may be anything", at_least(0));
  f.field("selected", selected, "rows that are averaged", at_least(1));
}

void check_tasks(const KrumSettings& settings, const WeightingContext& tasks, const Refusal& refuse) {
  const auto count = static_cast<std::int64_t>(tasks.names.size());
  if (count < settings.byzantine + 3) {
    refuse("byzantine", std::to_string(settings.byzantine) + " needs at least " +
                            std::to_string(settings.byzantine + 3) + " tasks; there are " + std::to_string(count));
  }
  if (count < settings.selected) {
    refuse("selected", std::to_string(settings.selected) + " of " + std::to_string(count) + " tasks");
  }
}

/// Multi-Krum: the rows nearest to their neighbours, by plain distances as in TorchJD (ops/aggregation/robust.h).
class Krum final : public GramWeighting {
 public:
  using Settings = KrumSettings;
  Krum(Settings settings, const WeightingContext& /*tasks*/)
      : GramWeighting(settings.head_gradient), settings_(settings) {}

 protected:
  /// The mean of all rows in a step that has rows of too few tasks.
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& /*task_gradients*/) override {
    const std::int64_t rows = gram.size(0);
    if (rows < settings_.byzantine + 3 || rows < settings_.selected) {
      return torch::full({rows}, 1.0 / static_cast<double>(rows), torch::kFloat64);
    }
    return ops::krum(gram, settings_.byzantine, settings_.selected);
  }

 private:
  Settings settings_;
};

WeightingFactory krum(KrumSettings settings) { return made_by<Krum>("krum", std::move(settings)); }

void register_krum(WeightingRegistry& registry) {
  add_checked<Krum>(registry, "krum", "Multi-Krum: mean of the gradients nearest to their neighbours",
                    "Blanchard et al., NeurIPS 2017; distances not squared, as in TorchJD",
                    joint_only(GradientKind::gram));
}

}  // namespace infomtl::weightings
