#pragma once
// Step checks: whether the losses and the gradient of each step are finite. On a device other than the CPU the host looks at
// the numbers of a step when the next one has been queued, so that it waits for nothing but work that is a step old; what is
// not finite enters no parameter until then (FlatParameters::clip_gradients).
//
//   checks.begin();
//   ... losses and gradient, with checks.losses() in the context ...
//   checks.see(norm, gradients, forward);
//   optimizer->step(rate);
//   checks.end(gradients, forward);

#include <c10/core/Event.h>

#include <functional>
#include <optional>

#include "infomtl/core/errors.h"
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
  /// Before the parameters move. @param norm  of the gradient, a scalar of the device
  /// @throws NonFiniteError naming step, task, term and parameter, where the host looks at once
  void see(const Tensor& norm, const StepGradients& gradients, const ForwardContext& forward);
  /// Afterwards, with the losses that were found meanwhile. @throws as see(), of this step or of the one before
  void end(const StepGradients& gradients, const ForwardContext& forward);
  /// Calls. What is found there not to be finite may come of an earlier step or of a loss: then that is told.
  template <class Call>
  void blaming(const Call& call) {
    try {
      call();
    } catch (const NonFiniteError&) {
      look();
      losses_.throw_first();
      throw;
    }
  }
  /// At what nobody has looked at yet; a bad step is told each time. @throws as see()
  void look();
  /// What nobody has looked at, or was told of, is gone.
  void forget() { blame_step_ = nullptr; }

 private:
  FlatParameters& parameters_;
  bool host_, waits_;
  LossChecks losses_;
  Tensor norm_;
  Tensor answer_;  // of the last step, in the host's memory, written by the device
  std::optional<c10::Event> written_;
  std::function<void()> blame_step_;
};

}  // namespace infomtl
