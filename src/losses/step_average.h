#pragma once
// Step average: a moving average per task that moves once in an optimiser step, however often the passes of the step
// are run. Every pass of a step starts from the average of the steps before it, so a pass repeated is the same pass.
// The state is buffers: saved with the checkpoint.
//
//   const Tensor before = average.before(task, step);
//   if (records) average.record(task, step, momentum * before + (1 - momentum) * now);

#include <torch/nn/module.h>

#include <cstddef>
#include <cstdint>

namespace infomtl {

class StepAverage final : public torch::nn::Module {
 public:
  /// @param values numbers kept per task, `initial` at the start
  StepAverage(std::size_t tasks, std::int64_t values, double initial);

  /// [values] float64: the average when `step` began. Changes nothing.
  torch::Tensor before(std::size_t task, std::int64_t step) const;
  /// What the steps after `step` begin with.
  void record(std::size_t task, std::int64_t step, const torch::Tensor& values);
  /// [values] as recorded last; undefined when nothing was.
  torch::Tensor latest(std::size_t task) const;

 private:
  torch::Tensor before_, now_;  // [T, values]
  torch::Tensor step_;          // [T] int64: the last step recorded, -1 for none
};

}  // namespace infomtl
