// A plugin with a schedule: the inverse square root of the step (Vaswani et al., NeurIPS 2017), one at its start.
#include <cmath>

#include "infomtl/plugin/plugin.h"

namespace {

class InverseSquareRoot final : public infomtl::LearningRateSchedule {
 public:
  struct Settings {
    std::int64_t scale = 1;
    void fields(infomtl::FieldVisitor& f) { f.field("scale", scale, "steps", infomtl::at_least(1)); }
  };
  explicit InverseSquareRoot(Settings settings) : scale_(static_cast<double>(settings.scale)) {}
  double factor(std::int64_t step, std::int64_t /*total*/) const override {
    return std::sqrt(scale_ / (static_cast<double>(step) + scale_));
  }

 private:
  double scale_;
};

}  // namespace

INFOMTL_PLUGIN("schedule") {
  registries.schedules.add<InverseSquareRoot>("inverse_square_root", "falls with the root of the step");
}
