#pragma once
// Variational multi-task learning (Shen et al., NeurIPS 2021, arXiv:2111.05323): layers with Gaussian weights, and priors
// of one task that are made of the posteriors of the others.
//
//   GaussianMoments z = bayesian_linear(x, {m, softplus_variance(r)}, {b, softplus_variance(s)});
//   Tensor a = gumbel_softmax(logits, gumbel_noise(uniform), temperature);
//   Tensor kl = kl_to_tasks(z, {means, variances}, a, TaskPrior::combine);          // [B]
//
// Letters: B rows, I inputs, O outputs, K coordinates, n other tasks, N rows of a memory bank, H width of its rows.
// Arithmetic and results are float32 (float64 for float64 input). Shapes are checked (ShapeError).

#include <torch/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// Mean and variance of independent Gaussians, entry by entry; of one shape.
struct GaussianMoments {
  torch::Tensor mean;
  torch::Tensor variance;
};

/// softplus(scale)^2 with softplus(r) = log(1 + e^r): the variance that an unbounded parameter stands for.
INFOMTL_API torch::Tensor softplus_variance(const torch::Tensor& scale);

/// Moments of x W^T + b for Gaussian W and b (local reparameterisation, Kingma et al. 2015): mean x M^T + b_M, variance
/// (x*x) V^T + b_V. One draw for each row and output has, row by row, the law of a draw of all weights.
/// @param x [B, I]; @param weight of [O, I]; @param bias of [O], or undefined; a bias without variance is a plain one
/// @return of [B, O]
INFOMTL_API GaussianMoments bayesian_linear(const torch::Tensor& x, const GaussianMoments& weight,
                                            const GaussianMoments& bias = {});

/// log of a variance, which may be 0 where an input is: then that of 1e-30.
INFOMTL_API torch::Tensor log_of_variance(const torch::Tensor& variance);

/// -log(-log(u + 1e-20) + 1e-20), standard Gumbel for u uniform in [0, 1); of u's shape.
INFOMTL_API torch::Tensor gumbel_noise(const torch::Tensor& uniform);

/// softmax((log softmax(logits) + noise) / temperature) over the last dimension (Jang et al., Maddison et al. 2017).
/// @param noise of the shape of logits; @param temperature > 0, towards 0 the result is one-hot
/// @throws ConfigError for another temperature
INFOMTL_API torch::Tensor gumbel_softmax(const torch::Tensor& logits, const torch::Tensor& noise, double temperature);

/// Moments of sum_i a_i X_i for independent Gaussians X_i: sum a_i m_i and sum a_i^2 v_i. No mixture density: n equal
/// Gaussians in equal parts give v/n.
/// @param weights [n]; @param parts of [n, ...]; @return of [...]
INFOMTL_API GaussianMoments combine_gaussians(const torch::Tensor& weights, const GaussianMoments& parts);

/// KL( q || p ) of each row in nats, [B], with `floor` added to both variances: the paper's code adds 1e-6.
/// @param q of [B, K]; @param p of [B, K] or [K]
INFOMTL_API torch::Tensor kl_rows(const GaussianMoments& q, const GaussianMoments& p, double floor = 1e-6);

/// What a posterior is compared with.
enum class TaskPrior {
  combine,        ///< combine_gaussians() of the other tasks' posteriors, as the paper
  mixture_bound,  ///< sum_i a_i KL(q || q_i), which is no less than the KL to the mixture of densities, by convexity
  standard        ///< N(0, I)
};
/// "combine", "mixture_bound", "standard", in the order of the enum.
INFOMTL_API const std::vector<std::string>& task_prior_names();
/// @throws ConfigError for any other word
INFOMTL_API TaskPrior task_prior(std::string_view name);

/// The divergence of each row to that prior, [B], by kl_rows().
/// @param q of [B, K]; @param others of [n, B, K]; @param weights [n]; the last two are not read by `standard`
INFOMTL_API torch::Tensor kl_to_tasks(const GaussianMoments& q, const GaussianMoments& others,
                                      const torch::Tensor& weights, TaskPrior prior, double floor = 1e-6);

/// The posterior of another task's classes [C', K] (or [C']) in the shape of a task with `classes`: itself where the
/// numbers are equal, else the mean over its classes of both moments, for every class.
INFOMTL_API GaussianMoments match_classes(const GaussianMoments& other, std::int64_t classes);

/// For each row the mean of the bank's rows that resemble it: scores x . bank^T, divided by their largest minus their
/// smallest of the row plus 1e-9, softmax over the rows that are allowed. A row without any allowed one takes all of
/// `filled`; an empty bank gives zeros. Without graph: neither side takes a gradient.
/// @param x [B, H]; @param bank [N, H]; @param filled [N] bool, which rows of the bank hold one; @param allowed [B, N] bool,
/// or undefined: all
/// @return [B, H]
INFOMTL_API torch::Tensor related_inputs(const torch::Tensor& x, const torch::Tensor& bank, const torch::Tensor& filled,
                                         const torch::Tensor& allowed = {});

}  // namespace infomtl::ops
