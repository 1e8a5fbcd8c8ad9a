#include "train/step_checks.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "train/bad_gradient.h"

namespace infomtl {

StepChecks::StepChecks(FlatParameters& parameters, bool skips)
    : parameters_(parameters), host_(parameters.values().is_cpu()), waits_(host_ || skips) {}

void StepChecks::see(const Tensor& norm, const StepGradients& gradients, const ForwardContext& forward) {
  norm_ = norm;
  if (!waits_ || losses_.finite(norm)) return;
  losses_.throw_first();
  throw_bad_gradient({gradients, forward}, parameters_);
}

void StepChecks::end(const StepGradients& gradients, const ForwardContext& forward) {
  if (waits_) return losses_.check();
  look();
  const Tensor sum = losses_.sum(norm_);
  answer_ = at::isfinite(sum).to(torch::kCPU, /*non_blocking=*/true);
  written_.emplace(sum.device().type());
  written_->record(c10::impl::VirtualGuardImpl(sum.device().type()).getStream(sum.device()));
  blame_step_ = [this, losses = losses_, step = StepInputs(gradients, forward)] {
    losses.throw_first();
    throw_bad_gradient(step, parameters_);
  };
}

void StepChecks::look() {
  if (blame_step_ == nullptr) return;
  written_->synchronize();
  if (!answer_.item<bool>()) blame_step_();
  forget();
}

}  // namespace infomtl
