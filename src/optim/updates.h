#pragma once
// Updates: each rule's equation on the entries of one range, by a table of functions per device and type. A new device
// is a new table; the rules do not change.

#include <torch/types.h>

#include "infomtl/optim/flat_parameters.h"
#include "optim/update_elements.h"

namespace infomtl {

/// Tensors are flat views [n] of one range; all but the gradient are written.
struct AdamaxUpdate {
  Tensor value, gradient, moment, norm;
  double rate = 0;  ///< eta / (1 - beta1^t)
  double decay = 0, beta1 = 0, beta2 = 0, epsilon = 0;
};

struct AdamWUpdate {
  Tensor value, gradient, first, second;
  double rate = 0;  ///< eta / (1 - beta1^t)
  double root = 1;  ///< sqrt(1 - beta2^t)
  double kept = 1;  ///< 1 - eta lambda
  double beta1 = 0, beta2 = 0, epsilon = 0;
};

struct SgdUpdate {
  Tensor value, gradient;
  Tensor velocity;  ///< undefined without momentum
  double rate = 0, decay = 0, momentum = 0;
  bool nesterov = false;
};

/// The float32 arithmetic of an entry.
AdamaxElement element_of(const AdamaxUpdate& update);
AdamWElement element_of(const AdamWUpdate& update);
/// Without momentum, and with it.
SgdElement element_of(const SgdUpdate& update);
MomentumElement momentum_element_of(const SgdUpdate& update);

struct UpdateTable {
  void (*adamax)(const AdamaxUpdate& update);
  void (*adamw)(const AdamWUpdate& update);
  void (*sgd)(const SgdUpdate& update);
};

/// The functions for tensors like this one.
const UpdateTable& updates_for(const Tensor& values);

/// float32 on the CPU: one fused pass over values, gradients and moments, limited by memory only.
extern const UpdateTable kCpuUpdates;
/// float32 on a GPU: the same by the kernels of cuda/, where they are built. Nothing waits for the device.
extern const UpdateTable kCudaUpdates;
/// Tensor operations, for any other type or device.
extern const UpdateTable kTensorUpdates;

}  // namespace infomtl
