#include "infomtl/ops/aggregation/robust.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// Mean of each entry without its smallest and largest values.
class TrimmedMean final : public GradientWeighting {
 public:
  struct Settings {
    std::int64_t trim = 1;
    void fields(FieldVisitor& f) { f.field("trim", trim, "values dropped at each end", at_least(0)); }
    void check(const Config& config, const WeightingContext& tasks) const {
      const auto count = static_cast<std::int64_t>(tasks.names.size());
      if (count <= 2 * trim) {
        config.fail("trim",
                    std::to_string(trim) + " at each end leaves nothing of " + std::to_string(count) + " tasks");
      }
    }
  };
  TrimmedMean(Settings settings, const WeightingContext& /*tasks*/) : settings_(settings) {}
  void backward(TaskGradients& task_gradients) override {
    task_gradients.apply_direction(ops::trimmed_mean(task_gradients.jacobian(), settings_.trim));
  }

 private:
  Settings settings_;
};

void register_trimmed_mean(WeightingRegistry& registry) {
  add_checked<TrimmedMean>(registry, "trimmed_mean", "entrywise mean without extremes", "Yin et al., ICML 2018",
                           gives_direction(joint_only("jacobian")));
}

}  // namespace infomtl::weightings
