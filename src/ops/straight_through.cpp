#include "infomtl/ops/straight_through.h"

#include <ATen/ATen.h>

#include "infomtl/ops/device_copy.h"

namespace infomtl::ops {

using torch::Tensor;

Tensor standard_gumbel(const Tensor& like, TensorRandom& random) {
  const Tensor exponential = at::empty_like(like, at::TensorOptions().device(at::kCPU).requires_grad(false))
                                 .exponential_(1.0, random.generator())
                                 .clamp_min(1e-30);
  return -at::log(copied_to(exponential, like.device()));
}

Tensor one_hot_of_largest(const Tensor& scores) {
  const Tensor given = scores.detach();
  return at::zeros_like(given).scatter(-1, given.argmax(-1, /*keepdim=*/true), 1.0);
}

Tensor straight_through_softmax(const Tensor& scores, double temperature) {
  const Tensor soft = at::softmax(scores / temperature, -1);
  return one_hot_of_largest(scores) + (soft - soft.detach());  // the bracket is 0, exactly
}

}  // namespace infomtl::ops
