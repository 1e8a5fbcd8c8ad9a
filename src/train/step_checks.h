#pragma once
// Step checks: whether the losses and the gradient of each step are finite. On a device other than the CPU the host looks at
// the numbers of a step when the next one has been queued, so that it waits for nothing but work that is a step old; what is
// not finite moves no parameter until then (FlatParameters::clip_gradients).
//
//   checks.begin();
//   ... losses and gradient, with checks.losses() in the context ...
//   checks.see(norm, gradients, forward);
//   optimizer->step(rate);
//   checks.end();

#include <c10/core/Event.h>

#include <functional>
#include <optional>

#include "infomtl/step/loss_checks.h"
#include "infomtl/step/step_gradients.h"

namespace infomtl {

class StepChecks {
 public:
  /// @param parameters  kept by reference @param skips  whether bad steps are left out: then none may count unseen
  StepChecks(FlatParameters& parameters, bool skips);

  void begin() { losses_ = {}; }
  /// Where the losses of the step go; null where each is looked at when it is found, on the CPU.
  LossChecks* losses() { return host_ ? nullptr : &losses_; }
  /// @param norm  of the gradient, a scalar of the device @throws NonFiniteError naming step, task, term and parameter, of
  /// this step or of the one before
  void see(const Tensor& norm, const StepGradients& gradients, const ForwardContext& forward);
  /// Of losses that were found after see().
  void end();
  /// When something was found not to be finite: throws for what it comes of, an earlier step or a loss, where that is known.
  void blame();
  /// At what nobody has looked at yet. @throws as see()
  void look();
  /// What nobody has looked at is gone.
  void forget() { blame_step_ = nullptr; }

 private:
  FlatParameters& parameters_;
  bool host_, waits_;
  LossChecks losses_;
  Tensor answer_;  // of the last step, in the host's memory, written by the device
  std::optional<c10::Event> written_;
  std::function<void()> blame_step_;
};

}  // namespace infomtl
