#pragma once
// A Gaussian head in one pass: the sample, and how far the Gaussian is from a prior. The noise is a function of its place,
// not of the order of draws, and is not kept: the backward pass makes it again.
//
//   NoisePattern noise = ops::draw_noise(random);      // random: of (run seed, purpose, step)
//   GaussianDraw draw = ops::draw_gaussian(mean, log_variance, noise);
//   Tensor loss = task_loss(draw.sample) + 0.1 * draw.divergence.mean();
//
// Letters: B examples, K coordinates.

#include <torch/types.h>

#include <cstdint>

#include "infomtl/core/export.h"
#include "infomtl/ops/normal_noise.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {

/// One number of `random`, whatever the size of what it is laid over.
INFOMTL_API NoisePattern draw_noise(TensorRandom& random);

struct GaussianDraw {
  torch::Tensor sample;      ///< [B, K], gaussian_sample() with normal_noise()
  torch::Tensor divergence;  ///< [B], kl_standard() or kl_diagonal() summed over the coordinates, in nats
};

/// The draw from N(mean, e^s) and its KL to N(0, 1) or to N(prior_mean, e^prior_s); gradients reach all four inputs, also
/// second derivatives. CUDA tensors take one kernel forward and one backward in a build with device code, where mean and s
/// are both float32 or both bfloat16; else those functions of gaussian.h are called.
/// @param mean, log_variance [B, K] @param prior_mean, prior_log_variance [K] or [B, K]; both undefined: N(0, 1)
/// @return float32 (float64 for float64 input)
/// @throws ShapeError
INFOMTL_API GaussianDraw draw_gaussian(const torch::Tensor& mean, const torch::Tensor& log_variance,
                                       const NoisePattern& noise, const torch::Tensor& prior_mean = {},
                                       const torch::Tensor& prior_log_variance = {});

}  // namespace infomtl::ops
