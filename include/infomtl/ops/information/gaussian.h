#pragma once
// Gaussians with diagonal covariance: what a stochastic head says of an example, and what compressors compare it with.
// The KL to N(0, I) is InfoMTL's TIMin; the other priors are its relatives (VIB, CEB, mixtures like VampPrior's).
//
//   Tensor s = ops::clamp_log_variance(log_variance);
//   Tensor sample = ops::gaussian_sample(mean, s, noise);
//   LossValue compression = ops::reduce_coordinates(ops::kl_standard(mean, s), KlReduction::spc, labels);
//
// Letters: B examples, K coordinates, M components or conditions, C classes; s is the log-variance. Arithmetic and
// results are float32 (float64 for float64 input), in nats. NaN passes through; shapes are checked (ShapeError).

#include <torch/types.h>

#include <string_view>

#include "infomtl/core/export.h"
#include "infomtl/ops/loss_value.h"

namespace infomtl::ops {

/// s limited to [low, high]; no gradient where a limit bites.
INFOMTL_API torch::Tensor clamp_log_variance(const torch::Tensor& log_variance, double low = -10, double high = 10);

/// mean + exp(s/2) * noise, all [B, K]; noise is standard normal and comes from the caller.
INFOMTL_API torch::Tensor gaussian_sample(const torch::Tensor& mean, const torch::Tensor& log_variance,
                                          const torch::Tensor& noise);

/// KL( N(mean, e^s) || N(0, 1) ) of each coordinate, [B, K], >= 0: (mean^2 + e^s - 1 - s) / 2.
INFOMTL_API torch::Tensor kl_standard(const torch::Tensor& mean, const torch::Tensor& log_variance);

/// KL( N(m1, e^s1) || N(m2, e^s2) ) of each coordinate: (s2 - s1 + (e^s1 + (m1 - m2)^2) / e^s2 - 1) / 2.
/// The prior may be [K] (one for all examples) or [B, K]; gradients reach both sides.
INFOMTL_API torch::Tensor kl_diagonal(const torch::Tensor& mean, const torch::Tensor& log_variance,
                                      const torch::Tensor& prior_mean, const torch::Tensor& prior_log_variance);

/// kl_diagonal to the prior of each example's class (CEB, Fischer 2020, with Gaussian encoders): [B, K].
/// @param prior_mean, prior_log_variance [C, K]; @param labels [B] int64 in 0..C (checked on the CPU only)
INFOMTL_API torch::Tensor kl_class_conditional(const torch::Tensor& mean, const torch::Tensor& log_variance,
                                               const torch::Tensor& prior_mean, const torch::Tensor& prior_log_variance,
                                               const torch::Tensor& labels);

/// How a matrix [B, K] of divergences becomes one number.
enum class KlReduction {
  spc,   ///< mean over coordinates, mean over the examples of a class, sum over the classes present (SPC's code)
  mean,  ///< mean over coordinates and examples
  sum    ///< sum over coordinates, mean over examples
};
/// "spc", "mean", "sum". @throws ConfigError for any other word
INFOMTL_API KlReduction kl_reduction(std::string_view name);

/// @param per_coordinate  [B, K]
/// @param labels          [B] int64, any integers; read by `spc` only, where undefined means one class
/// @return mean() is the reduced value, count is B: micro-batches add up in proportion to their rows. (For `spc` each
///         part has class means of its own, so the sum over the parts of a batch is not that of the whole.)
INFOMTL_API LossValue reduce_coordinates(const torch::Tensor& per_coordinate, KlReduction reduction,
                                         const torch::Tensor& labels = {});

/// log N(z; mean, e^s) summed over the last dimension, [B] for [B, K]; the three broadcast.
INFOMTL_API torch::Tensor gaussian_log_density(const torch::Tensor& z, const torch::Tensor& mean,
                                               const torch::Tensor& log_variance);

/// F_ij = log N(z_j; mean_i, e^s_i), [M, B]: the score matrix f(x_i, z_j) of conditions against samples. Matrix
/// products in float64 over centred values; neither [M, B, K] nor a difference of large float32 numbers arises.
/// @param mean, log_variance [M, K]; @param z [B, K]
INFOMTL_API torch::Tensor conditional_scores(const torch::Tensor& mean, const torch::Tensor& log_variance,
                                             const torch::Tensor& z);

/// log sum_m w_m N(z; mean_m, e^s_m) with w = softmax(weight_logits), [B].
/// @param z [B, K]; @param mean, log_variance [M, K]; @param weight_logits [M], undefined: equal weights
INFOMTL_API torch::Tensor mixture_log_density(const torch::Tensor& z, const torch::Tensor& mean,
                                              const torch::Tensor& log_variance,
                                              const torch::Tensor& weight_logits = {});

/// One-sample estimate of KL( N(mean, e^s) || mixture ), [B]: log N(z; mean, e^s) - mixture_log_density(z)
/// (Tomczak & Welling 2018, with fixed components). May be negative for one sample; unbiased when z is
/// gaussian_sample(mean, s, noise).
INFOMTL_API torch::Tensor kl_mixture_sample(const torch::Tensor& z, const torch::Tensor& mean,
                                            const torch::Tensor& log_variance, const torch::Tensor& prior_mean,
                                            const torch::Tensor& prior_log_variance,
                                            const torch::Tensor& weight_logits = {});

/// The diagonal Gaussian nearest to fixed posteriors in mean KL:
///   m = mean_i mean_i,   v = mean_i (e^s_i + (mean_i - m)^2)
struct DiagonalGaussian {
  torch::Tensor mean;          ///< [K]
  torch::Tensor log_variance;  ///< [K]
};
INFOMTL_API DiagonalGaussian moment_match(const torch::Tensor& mean, const torch::Tensor& log_variance);

/// Leave-one-out upper bound on I(X; Z) as a compressor (Poole et al. 2019), with p(z|x) = N(mean, e^s) known:
///   sum_i [ log p(z_i|x_i) - log 1/(B-1) sum_{j != i} p(z_i|x_j) ]
/// @param z, mean, log_variance [B, K]; gradients reach all three
/// @return count: B; a batch of one has nothing to leave out: sum 0, no gradient
INFOMTL_API LossValue l1out_compression(const torch::Tensor& z, const torch::Tensor& mean,
                                        const torch::Tensor& log_variance);

/// I(X; Z_t) of a stochastic head between two bounds, in nats, from its known conditional and one batch.
struct InformationSandwich {
  torch::Tensor lower;  ///< log B + mean_i [ log p(z_i|x_i) - LSE_j log p(z_i|x_j) ], never above log B
  torch::Tensor upper;  ///< leave-one-out; in expectation never below I(X; Z_t)
};
/// @param z samples, one per row of mean and log_variance, [B, K], B >= 2; detached, a diagnostic
INFOMTL_API InformationSandwich conditional_information(const torch::Tensor& z, const torch::Tensor& mean,
                                                        const torch::Tensor& log_variance);

}  // namespace infomtl::ops
