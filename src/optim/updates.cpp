#include "optim/updates.h"

namespace infomtl {
namespace {

void adamax_by_tensors(const AdamaxUpdate& update) {
  Tensor value = update.value, moment = update.moment, norm = update.norm;
  const Tensor gradient = update.gradient.add(value, update.decay);
  moment.lerp_(gradient, 1.0 - update.beta1);
  at::maximum_out(norm, norm.mul_(update.beta2), gradient.abs().add_(update.epsilon));
  value.addcdiv_(moment, norm, -update.rate);
}

void adamw_by_tensors(const AdamWUpdate& update) {
  Tensor value = update.value, first = update.first, second = update.second;
  value.mul_(update.kept);
  first.lerp_(update.gradient, 1.0 - update.beta1);
  second.mul_(update.beta2).addcmul_(update.gradient, update.gradient, 1.0 - update.beta2);
  value.addcdiv_(first, second.sqrt().div_(update.root).add_(update.epsilon), -update.rate);
}

void sgd_by_tensors(const SgdUpdate& update) {
  Tensor value = update.value;
  Tensor direction = update.gradient.add(value, update.decay);
  if (update.velocity.defined()) {
    Tensor velocity = update.velocity;
    velocity.mul_(update.momentum).add_(direction);
    direction = update.nesterov ? direction.add(velocity, update.momentum) : velocity;
  }
  value.sub_(direction, update.rate);
}

float narrowed(double x) { return static_cast<float>(x); }

}  // namespace

AdamaxElement element_of(const AdamaxUpdate& update) {
  return {.rate = narrowed(update.rate),
          .decay = narrowed(update.decay),
          .gain = narrowed(1.0 - update.beta1),
          .beta2 = narrowed(update.beta2),
          .epsilon = narrowed(update.epsilon)};
}

AdamWElement element_of(const AdamWUpdate& update) {
  return {.rate = narrowed(update.rate),
          .kept = narrowed(update.kept),
          .gain1 = narrowed(1.0 - update.beta1),
          .gain2 = narrowed(1.0 - update.beta2),
          .beta2 = narrowed(update.beta2),
          .inverse_root = narrowed(1.0 / update.root),
          .epsilon = narrowed(update.epsilon)};
}

SgdElement element_of(const SgdUpdate& update) {
  return {.rate = narrowed(update.rate), .decay = narrowed(update.decay)};
}

MomentumElement momentum_element_of(const SgdUpdate& update) {
  const float momentum = narrowed(update.momentum);
  return {.rate = narrowed(update.rate),
          .decay = narrowed(update.decay),
          .momentum = momentum,
          .fresh = update.nesterov ? 1.0F : 0.0F,
          .swing = update.nesterov ? momentum : 1.0F};
}

const UpdateTable kTensorUpdates = {.adamax = &adamax_by_tensors, .adamw = &adamw_by_tensors, .sgd = &sgd_by_tensors};

const UpdateTable& updates_for(const Tensor& values) {
  if (values.scalar_type() == torch::kFloat32 && values.is_cpu()) return kCpuUpdates;
#ifdef INFOMTL_CUDA_KERNELS
  if (values.scalar_type() == torch::kFloat32 && values.is_cuda()) return kCudaUpdates;
#endif
  return kTensorUpdates;
}

}  // namespace infomtl
