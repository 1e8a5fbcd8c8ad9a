#include "train/step_checks.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

#include "train/bad_gradient.h"

namespace infomtl {

StepChecks::StepChecks(FlatParameters& parameters, bool skips)
    : parameters_(parameters), host_(parameters.values().is_cpu()), waits_(host_ || skips) {}

void StepChecks::see(const Tensor& norm, const StepGradients& gradients, const ForwardContext& forward) {
  if (waits_) {
    if (losses_.finite(norm)) return;
    losses_.throw_first();
    throw_bad_gradient({gradients, forward}, parameters_);
  }
  look();
  const Tensor sum = losses_.sum(norm);
  answer_ = at::isfinite(sum).to(torch::kCPU, /*non_blocking=*/true);
  written_.emplace(sum.device().type());
  written_->record(c10::impl::VirtualGuardImpl(sum.device().type()).getStream(sum.device()));
  blame_step_ = [this, losses = losses_, step = StepInputs(gradients, forward)] {
    losses.throw_first();
    throw_bad_gradient(step, parameters_);
  };
}

void StepChecks::end() {
  if (waits_) losses_.check();
}

void StepChecks::blame() {
  look();
  losses_.throw_first();
}

void StepChecks::look() {
  const std::function<void()> blame_step = std::exchange(blame_step_, nullptr);
  if (blame_step == nullptr) return;
  written_->synchronize();
  if (!answer_.item<bool>()) blame_step();
}

}  // namespace infomtl
