#pragma once
// Equal weighting (EW): every task counts the same.

#include <memory>
#include <utility>

#include "infomtl/core/export.h"
#include "infomtl/weighting/gradient_weighting.h"
#include "infomtl/weighting/weightings.h"

namespace infomtl {

/// sum_t L_t, or (1/T) sum_t L_t with T the number of tasks of the experiment. With an adaptive optimiser the scale
/// matters through clipping only.
class INFOMTL_API Equal final : public GradientWeighting {
 public:
  using Settings = weightings::EqualSettings;
  Equal() = default;
  Equal(Settings settings, const WeightingContext& /*tasks*/) : settings_(std::move(settings)) {}

  void backward(TaskGradients& task_gradients) override;

 private:
  Settings settings_;
};

/// Equal weighting with its defaults.
INFOMTL_API std::shared_ptr<GradientWeighting> equal_weighting();

}  // namespace infomtl
