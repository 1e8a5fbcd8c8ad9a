#pragma once
// Step snapshot: what a weighting, an objective and a model remember beside their parameters, as it was before a step, so that
// a step which turns out not to be finite can be left out.
//
//   const StepSnapshot before(*weighting, *objective, *model);
//   ...
//   before.restore();

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

class StepSnapshot {
 public:
  /// All are kept by reference.
  StepSnapshot(GradientWeighting& weighting, const Objective& objective, const MultiTaskModel& model);
  /// Puts the weighting's state and the buffers of objective and model back, to the bit.
  void restore() const;

 private:
  class Reader;
  class Writer;
  GradientWeighting& weighting_;
  std::vector<Tensor> tensors_;                     // copies, in the order of visit_state()
  std::vector<std::int64_t> counters_;              // likewise
  std::vector<std::pair<Tensor, Tensor>> buffers_;  // each and its copy
};

}  // namespace infomtl
