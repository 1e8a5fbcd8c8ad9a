#include "infomtl/losses/gate_entropy.h"

#include "infomtl/core/errors.h"

namespace infomtl {

LossValue GateEntropy::compute(TaskStep& step) {
  const Tensor& entropy = step.representation().gate_entropy;
  if (!entropy.defined()) throw StateError("gate_entropy: the architecture has no sparse gates");
  const Tensor rows = entropy.to(torch::kFloat32);
  return {rows.sum(), torch::full({}, static_cast<double>(rows.size(0)), rows.options().requires_grad(false))};
}

}  // namespace infomtl
