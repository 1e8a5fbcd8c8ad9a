#pragma once
// Weightings of losses: T scalars in, the weights of their gradients out; no task gradient is needed. A weighting with
// parameters of its own (uncertainty, IMTL-L) also returns their gradient, in closed form.
//
//   LossWeights w = uncertainty(losses, log_variances);
//   problem.apply_weights(w.weights);  log_variances.mutable_grad() = w.parameter_gradient;
//
// Every result is float64 on the CPU; nothing is differentiated through. Where a logarithm or a division needs a
// positive loss, another one throws NonFiniteError and names the task. What lies on another device is copied to the host,
// which waits for it, but by uncertainty and imtl_l: for losses on another device these compute there, look at no value and
// leave the objective NaN.

#include <torch/types.h>

#include <cstdint>

#include "infomtl/core/random.h"

namespace infomtl::ops {

struct LossWeights {
  torch::Tensor weights;             ///< [T], d objective / d L_t
  torch::Tensor parameter_gradient;  ///< [T], d objective / d parameter_t; undefined for weightings without parameters
  double objective = 0.0;            ///< the combined loss
};

/// Equal weights: 1 each (sum), or 1/T each (mean), [T].
enum class Combination { kSum, kMean };
INFOMTL_API torch::Tensor equal_weights(std::int64_t tasks, Combination combination = Combination::kMean);

/// Task weighting: n_t / sum n, [T]; counts of training examples, >= 0, not all 0.
INFOMTL_API torch::Tensor task_size(const torch::Tensor& counts);

/// sum_t log(L_t + epsilon): weights 1 / (L_t + epsilon). Scaling a loss leaves its gradient as it is.
INFOMTL_API LossWeights scale_invariant(const torch::Tensor& losses, double epsilon = 1e-8);

/// Which constant stands before e^-s L (Kendall, Gal and Cipolla 2018).
enum class UncertaintyForm { kRegression, kClassification };

/// Uncertainty weighting with s_t = log sigma_t^2: sum_t f e^-s_t L_t + s_t / 2, f = 1/2 (regression, the form all code
/// uses) or 1 (classification). Stationary at e^s_t = 2 f L_t. Elementwise: one task alone may be given as [1].
INFOMTL_API LossWeights uncertainty(const torch::Tensor& losses, const torch::Tensor& log_variances,
                                    UncertaintyForm form = UncertaintyForm::kRegression);

/// IMTL-L (Liu et al. 2021): sum_t e^s_t L_t - s_t. Stationary at e^s_t L_t = 1; equals 2 `uncertainty` at -s.
/// Elementwise.
INFOMTL_API LossWeights imtl_l(const torch::Tensor& losses, const torch::Tensor& log_scales);

/// GLS (Chennupati et al. 2019): (prod_t L_t)^(1/T) = exp(mean log L_t): weights objective / (T L_t). Where any loss is
/// 0 the objective is 0 and so are the weights.
INFOMTL_API LossWeights geometric(const torch::Tensor& losses);

/// DWA (Liu, Johns and Davison 2019): T softmax(r / temperature), r_t = newer_t / older_t, epoch means of the training
/// losses; 1 each where either is undefined (the first two epochs). A mean of 0 after 0 counts as ratio 1. [newer,
/// older >= 0]
INFOMTL_API torch::Tensor dwa(std::int64_t tasks, const torch::Tensor& newer, const torch::Tensor& older,
                              double temperature = 2.0);

/// RLW (Lin et al. 2022): softmax of T standard normals, or a draw of Dirichlet(concentration, ...); [T], sum 1, mean
/// 1/T.
INFOMTL_API torch::Tensor rlw_normal(std::int64_t tasks, RandomStream& stream);
INFOMTL_API torch::Tensor rlw_dirichlet(std::int64_t tasks, RandomStream& stream, double concentration = 1.0);

/// STCH in its multi-task form (Lin et al. 2024; released code): T mu log sum_t exp(log(L_t / nadir_t) / mu), so the
/// weights are T softmax(log(L / nadir) / mu)_t / L_t. Before the nadir is known, `scale_invariant` is the warm-up.
INFOMTL_API LossWeights stch(const torch::Tensor& losses, const torch::Tensor& nadir, double mu = 1.0);

/// STCH as in the paper, Eq. 7: mu log sum_t exp(p_t (L_t - ideal_t) / mu); `preference` undefined: 1/T, `ideal`
/// undefined: 0.
INFOMTL_API LossWeights smooth_tchebycheff(const torch::Tensor& losses, double mu, const torch::Tensor& preference = {},
                                           const torch::Tensor& ideal = {});

/// FAMO (Liu et al. 2023): z = softmax(logits), D_t = L_t - minimum_t + 1e-8, objective c sum_t z_t log D_t with the
/// constant c = 1 / sum_t z_t / D_t: weights c z_t / D_t, sum 1. `minimum` undefined: 0.
INFOMTL_API LossWeights famo(const torch::Tensor& losses, const torch::Tensor& logits,
                             const torch::Tensor& minimum = {});

/// FAMO's gradient on the logits: J_softmax^T (log D_before - log D_after), [T], for losses of the same batch before
/// and after the step; an optimiser that descends moves weight to the tasks that improved least.
INFOMTL_API torch::Tensor famo_logit_gradient(const torch::Tensor& logits, const torch::Tensor& before,
                                              const torch::Tensor& after, const torch::Tensor& minimum = {});

}  // namespace infomtl::ops
