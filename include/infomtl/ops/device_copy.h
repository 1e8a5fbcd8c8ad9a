#pragma once
// Device copy: numbers that the host made, on the device that computes with them, without waiting for the copy.

#include "infomtl/ops/tensor.h"

namespace infomtl::ops {

/// The tensor on a device. From the host's memory the copy is asynchronous, on a GPU by way of memory that it reads itself
/// (pinned: once, where the tensor is not yet).
inline Tensor copied_to(const Tensor& tensor, torch::Device device) {
  if (!tensor.defined() || !tensor.is_cpu() || device.is_cpu()) return tensor.defined() ? tensor.to(device) : tensor;
  const bool pins = device.is_cuda() && tensor.numel() > 0;
  return (pins ? tensor.pin_memory() : tensor).to(device, /*non_blocking=*/true);
}

/// The same in another tensor's type and on its device; the host changes the type.
inline Tensor copied_like(const Tensor& tensor, const Tensor& like) {
  return copied_to(tensor.to(like.scalar_type()), like.device());
}

}  // namespace infomtl::ops
