#pragma once
// Equal weighting (EW): every task counts the same.

#include <memory>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

/// sum_t L_t, or (1/T) sum_t L_t with T the number of tasks of the experiment. With an adaptive optimiser the scale
/// matters through clipping only.
class INFOMTL_API Equal final : public GradientWeighting {
 public:
  struct Settings {
    std::string reduction = "sum";
    void fields(FieldVisitor& f) {
      f.choice("reduction", reduction, {"sum", "mean"}, "weight 1, or 1/T for T tasks in the experiment");
    }
  };
  Equal() = default;
  Equal(Settings settings, const WeightingContext& /*tasks*/) : settings_(std::move(settings)) {}

  void backward(TaskGradients& task_gradients) override;

 private:
  Settings settings_;
};

/// Equal weighting with its defaults.
INFOMTL_API std::shared_ptr<GradientWeighting> equal_weighting();

}  // namespace infomtl
