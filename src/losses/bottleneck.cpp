#include "infomtl/losses/bottleneck.h"

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/gaussian.h"

namespace infomtl {

LossValue Bottleneck::compute(TaskStep& step) {
  const TaskRepresentation& code = step.representation();
  if (!code.mean.defined()) throw StateError("bottleneck: the architecture is not stochastic");
  if (code.mean.size(0) == 0) {  // rows without a single word
    return {code.mean.sum(), torch::zeros({}, code.mean.options().requires_grad(false))};
  }
  const Tensor divergence = code.prior_log_variance.defined()
                                ? ops::kl_diagonal(code.mean, code.log_variance,
                                                   torch::zeros_like(code.prior_log_variance), code.prior_log_variance)
                                : ops::kl_standard(code.mean, code.log_variance);
  return ops::reduce_coordinates(divergence, ops::kl_reduction(settings_.reduction));
}

}  // namespace infomtl
