#pragma once
// Step average: a moving average per task that moves once in an optimiser step, however often the passes of the step are
// run. Every pass of a step starts from the average of the steps before it, so a pass repeated is the same pass. The
// state is buffers: saved with the checkpoint.

#include <torch/nn/module.h>

#include <cstddef>
#include <cstdint>

namespace infomtl {

class StepAverage final : public torch::nn::Module {
 public:
  /// @param values numbers kept for each task, `initial` at the start
  StepAverage(std::size_t tasks, std::int64_t values, double initial);

  /// [values] float64: the average that `step` starts from. The first call of a step takes over what set() left in the
  /// step before; further calls give the same.
  torch::Tensor start_step(std::size_t task, std::int64_t step);
  /// What the next step begins with.
  void set(std::size_t task, const torch::Tensor& values);
  /// [values] as set last; undefined when it never was.
  torch::Tensor latest(std::size_t task) const;

 private:
  torch::Tensor before_, now_;  // [T, values]
  torch::Tensor step_;          // [T] int64: the last step that asked, -1 for none
};

}  // namespace infomtl
