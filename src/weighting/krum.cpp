#include "infomtl/ops/aggregation/robust.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

/// Multi-Krum: the rows nearest to their neighbours.
class Krum final : public GramWeighting {
 public:
  struct Settings : GramSettings {
    std::int64_t byzantine = 1;
    std::int64_t selected = 1;
    void fields(FieldVisitor& f) {
      GramSettings::fields(f);
      f.field("byzantine", byzantine, "rows that may be anything", at_least(0));
      f.field("selected", selected, "rows that are averaged", at_least(1));
    }
    void check(const Config& config, const WeightingContext& tasks) const {
      const auto count = static_cast<std::int64_t>(tasks.names.size());
      if (count < byzantine + 3) {
        config.fail("byzantine", std::to_string(byzantine) + " needs at least " + std::to_string(byzantine + 3) +
                                     " tasks; there are " + std::to_string(count));
      }
      if (count < selected) {
        config.fail("selected", std::to_string(selected) + " of " + std::to_string(count) + " tasks");
      }
    }
  };
  Krum(Settings settings, const WeightingContext& /*tasks*/) : GramWeighting(settings), settings_(settings) {}

 protected:
  torch::Tensor weights(const torch::Tensor& gram, TaskGradients& /*task_gradients*/) override {
    return ops::krum(gram, settings_.byzantine, settings_.selected);
  }

 private:
  Settings settings_;
};

void register_krum(WeightingRegistry& registry) {
  add_checked<Krum>(registry, "krum", "Multi-Krum: mean of the gradients nearest to their neighbours",
                    "Blanchard et al., NeurIPS 2017", joint_only("gram"));
}

}  // namespace infomtl::weightings
