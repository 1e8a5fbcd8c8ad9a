#pragma once
// Bound: an estimate of mutual information I(X; Y) in nats from a matrix of critic scores F_ij = f(x_i, y_j), [N, N]:
// the diagonal is drawn from the joint distribution, the rest from the product of the marginals.
//
//   Tensor scores = ops::separable_scores(u, v);
//   (-ops::infonce(scores)).backward();              // lower bounds are maximised
//   ops::l1out(ops::conditional_scores(mean, log_variance, z));   // upper bounds are minimised
//
// Every function returns a scalar with graph, float32 (float64 for float64 input), and throws ShapeError unless F is
// square and, where pairs off the diagonal are averaged, N >= 2. Sums of exponentials are stable against large scores;
// a bound that is itself an exponential (nwj, tuba) becomes -inf where its value does.

#include <torch/types.h>

#include <limits>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// Lower: log N + mean_i [ F_ii - LSE_j F_ij ], never above log N (van den Oord et al. 2018).
/// Best f: log p(y|x) + c(x).
INFOMTL_API torch::Tensor infonce(const torch::Tensor& scores);

/// Lower: mean_i F_ii - log mean_{i != j} e^F_ij (Donsker & Varadhan). Best f: log p(y|x)/p(y) + const.
/// The logarithm of a batch mean is biased upwards in value and gradient.
INFOMTL_API torch::Tensor dv(const torch::Tensor& scores);

/// DV with the gradient of the logarithm taken at a moving average of mean_{i != j} e^F_ij (MINE, Belghazi et al. 2018).
struct MineBound {
  torch::Tensor value;    ///< the value of dv(); its gradient is mean_i dF_ii - d(mean e^F) / average
  torch::Tensor average;  ///< the moving average to pass to the next call, detached
};
/// @param average   scalar of the last call; undefined at the start (1). It is of e^F: scores above 80 overflow float32
/// @param momentum  new = momentum * old + (1 - momentum) * mean of the batch, at least 1e-4
INFOMTL_API MineBound mine(const torch::Tensor& scores, const torch::Tensor& average = {}, double momentum = 0.9);

/// Lower: mean_i F_ii - e^-1 mean_{i != j} e^F_ij (Nguyen, Wainwright & Jordan; f-GAN's KL).
/// Best f: 1 + log p(y|x)/p(y). Unbiased; its variance grows like e^I.
INFOMTL_API torch::Tensor nwj(const torch::Tensor& scores);

/// Lower: 1 + mean_i (F_ii - log a(y_i)) - mean_{i != j} e^(F_ij - log a(y_j)) (Poole et al. 2019); nwj is log a = 1.
/// @param log_baseline [N]
INFOMTL_API torch::Tensor tuba(const torch::Tensor& scores, const torch::Tensor& log_baseline);

/// mean_i -softplus(-F_ii) - mean_{i != j} softplus(F_ij) (Hjelm et al. 2019). Not an amount of information: at its
/// optimum f = log p(y|x)/p(y) it is 2 JSD - 2 log 2, and -2 log 2 for F = 0.
INFOMTL_API torch::Tensor jsd(const torch::Tensor& scores);

/// Information from a critic trained by jsd: nwj(F + 1).
INFOMTL_API torch::Tensor jsd_information(const torch::Tensor& scores);

/// mean_i F_ii - log mean_{i != j} e^clamp(F_ij, -clip, clip) (SMILE, Song & Ermon 2020): an estimate, not a bound, for
/// finite clip; dv for clip = infinity. @param clip > 0
INFOMTL_API torch::Tensor smile(const torch::Tensor& scores, double clip = std::numeric_limits<double>::infinity());

/// What SMILE trains: the value of smile() with the gradient of jsd().
INFOMTL_API torch::Tensor smile_objective(const torch::Tensor& scores,
                                          double clip = std::numeric_limits<double>::infinity());

/// Lower: -mean_i [ u_i + exp(-u_i + LSE_{j != i} F_ij - log(N-1) - F_ii) - 1 ] (FLO, Guo et al. 2022).
/// @param u [N], the second critic at (x_i, y_i); best: -log p(y|x)/p(y)
INFOMTL_API torch::Tensor flo(const torch::Tensor& scores, const torch::Tensor& u);

/// The u that maximises flo for these scores, [N]: LSE_{j != i} F_ij - log(N-1) - F_ii. With it flo is -mean u.
INFOMTL_API torch::Tensor flo_best_u(const torch::Tensor& scores);

/// Upper for F_ij = log q(y_j|x_i) with q the true conditional: mean_i F_ii - mean_ij F_ij, diagonal included (CLUB,
/// Cheng et al. 2020).
INFOMTL_API torch::Tensor club(const torch::Tensor& scores);

/// CLUB with one negative per row: mean_i [ log q(y_i|x_i) - log q(y_r(i)|x_i) ]; O(N). @param joint, shuffled [N]
INFOMTL_API torch::Tensor club_sample(const torch::Tensor& joint, const torch::Tensor& shuffled);

/// What fits q(y|x) = N(mean, e^s) for CLUB by maximum likelihood: mean_i sum_k [ (y - mean)^2 / e^s + s ], twice the
/// negative log likelihood without its constant. @param y [N, K], detached; @param mean, log_variance [N, K]
INFOMTL_API torch::Tensor club_learning_loss(const torch::Tensor& y, const torch::Tensor& mean,
                                             const torch::Tensor& log_variance);

/// Upper for F_ij = log p(y_j|x_i) with the true conditional: mean_i [ F_ii - log 1/(N-1) sum_{j != i} e^F_ji ];
/// for each y the sum runs over the other x (Poole et al. 2019).
INFOMTL_API torch::Tensor l1out(const torch::Tensor& scores);

/// Upper: mean_i KL( p(z|x_i) || r ) summed over coordinates, loose by KL(p(z) || r) (VIB). @param divergence [N, K]
INFOMTL_API torch::Tensor var_ub(const torch::Tensor& divergence);

}  // namespace infomtl::ops
