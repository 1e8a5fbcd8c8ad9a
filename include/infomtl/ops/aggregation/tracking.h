#pragma once
// Gradient weightings that carry something from step to step: learned weights (GradNorm, MoDo, SDMGrad), moving
// averages of gradients (MoCo, DB-MTL) or sums of squares (ExcessMTL). A state starts undefined, is made by the first
// call, changed in place by every call, and left as it was by a call that throws. It is what a checkpoint has to keep.
//
//   MocoState state;                                        // once
//   Tensor direction = moco(jacobian, losses, state);       // every step

#include <torch/types.h>

#include <cstdint>

#include "infomtl/ops/aggregation/gram.h"

namespace infomtl::ops {

struct GradNorm {
  torch::Tensor weights;             ///< [T] float64, T softmax(s): sum T
  torch::Tensor parameter_gradient;  ///< [T] float64, on the logits s
  double objective = 0.0;            ///< sum_t |w_t n_t - target_t|
};

/// GradNorm (Chen et al. 2018): s minimises sum_t |G_t - sg(mean(G) r_t^alpha)| with G_t = w_t ||g_t||, w = T
/// softmax(s) and r_t = (L_t / L_t(0)) / mean; the gradient of |.| at 0 is 0.
///
/// @param norms [T] >= 0, ||g_t||; @param losses, initial [T] > 0; @param logits [T]
/// @throws ShapeError; NonFiniteError (also for losses that are not positive)
INFOMTL_API GradNorm gradnorm(const torch::Tensor& norms, const torch::Tensor& losses, const torch::Tensor& initial,
                              const torch::Tensor& logits, double alpha = 1.5);

struct MocoOptions {
  double beta = 0.5, beta_decay = 0.5;    ///< step of the gradient average: beta / k^beta_decay at the k-th call
  double gamma = 0.1, gamma_decay = 0.5;  ///< step of the weights, likewise
  double rho = 0.0;                       ///< l2 regularisation of the weights
};
struct MocoState {
  torch::Tensor tracked;  ///< y [T, P], type and device of the Jacobian
  torch::Tensor lambda;   ///< [T] float64
  std::int64_t step = 0;
};

/// MoCo (Fernando et al. 2023): h_t = g_t L_t / (||g_t|| + 1e-8); y <- y - beta_k (y - h);
/// lambda <- softmax(lambda - gamma_k (y y^T + rho I) lambda); d = y^T lambda [P]. Starts from y = 0, lambda = 1/T.
///
/// @param jacobian [T, P]; @param losses [T]
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor moco(const torch::Tensor& jacobian, const torch::Tensor& losses, MocoState& state,
                               const MocoOptions& options = {});

struct DbMtlOptions {
  double beta = 0.9;  ///< memory of the average: beta / k^decay at the k-th call
  double decay = 0.0;
  double epsilon = 1e-8;  ///< added to the losses before the logarithm
};
struct DbMtlState {
  torch::Tensor average;  ///< u [T, P], type and device of the Jacobian
  std::int64_t step = 0;
};

/// DB-MTL (Lin et al. 2023): h_t = g_t / (L_t + epsilon), the gradient of log(L_t + epsilon); u <- h + beta_k (u - h);
/// d = sum_t (max_s ||u_s|| / ||u_t||) u_t [P]; a zero u_t gets weight 0. The first call takes u = h (LibMTL starts
/// from u = 0, which scales its first step by 1 - beta).
///
/// @param jacobian [T, P] gradients of L, not of its logarithm; @param losses [T], L_t + epsilon > 0
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor db_mtl(const torch::Tensor& jacobian, const torch::Tensor& losses, DbMtlState& state,
                                 const DbMtlOptions& options = {});

struct ExcessOptions {
  double step_size = 1e-2;        ///< eta
  std::int64_t warmup_steps = 1;  ///< calls that leave the weights at 1 and whose mean excess becomes the unit
  double epsilon = 1e-7;          ///< under the root and beside the unit
};
struct ExcessState {
  torch::Tensor squares;  ///< S [T, P], type and device of the Jacobian
  torch::Tensor unit;     ///< [T] float64, sum of the warm-up's excesses
  torch::Tensor warmups;  ///< [T] float64, how many those are: calls of the warm-up with the task
  torch::Tensor weights;  ///< [T] float64, sum T
  std::int64_t step = 0;
};

/// ExcessMTL (He et al. 2024, Eq. 6 to 9): S_t += g_t^2; E_t = sum g_t^2 / sqrt(S_t + epsilon), over its warm-up mean +
/// epsilon; w <- normalise(w exp(eta E)), in logarithms. Returns the weights [T] float64, sum T, all 1 in the warm-up.
///
/// @param jacobian [T, P]
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor excess_mtl(const torch::Tensor& jacobian, ExcessState& state,
                                     const ExcessOptions& options = {});

struct SdmGradOptions {
  double learning_rate = 5.0;  ///< of the inner projected descent (TorchJD: 10)
  double momentum = 0.5;
  std::int64_t iterations = 20;
  double lambda = 0.3;       ///< pull towards the preferred direction
  torch::Tensor preference;  ///< [T]; undefined: 1/T each
};

/// SDMGrad (Xiao et al. 2023): A = G_1 G_2^T of two independent batches, divided by (mean_t sqrt(max(A_tt, 0)))^2 +
/// 1e-8; projected descent with momentum on w with gradient A (w + lambda p); weights (w + lambda p) / (1 + lambda) for
/// the gradients of a third batch, [T] float64.
///
/// @param cross [T, T], see `cross_gram`; @param simplex [T] float64 point w, changed; undefined at first: becomes 1/T
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor sdmgrad(const torch::Tensor& cross, torch::Tensor& simplex,
                                  const SdmGradOptions& options = {});

struct ModoOptions {
  double gamma = 1e-3;  ///< step (TorchJD: 0.1)
  double rho = 0.1;     ///< l2 regularisation
};

/// MoDo (Chen et al. 2023): lambda <- Proj_simplex(lambda - gamma (G_1 G_2^T lambda + rho lambda)), the weights [T]
/// float64 of a third batch's gradients.
///
/// @param cross [T, T]; @param lambda [T], changed; undefined at first: 1/T
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor modo(const torch::Tensor& cross, torch::Tensor& lambda, const ModoOptions& options = {});

struct AdamState {
  torch::Tensor first, second;  ///< [T] float64
  torch::Tensor task_steps;     ///< [T] float64, steps of each number: they correct its moments
  std::int64_t steps = 0;       ///< calls
};

/// A step of Adam (Kingma & Ba 2015; beta 0.9 and 0.999, epsilon 1e-8) for the few numbers that a weighting learns by
/// itself: values [T] float64 -> the values after it.
///
/// @param gradient [T]; @param state  changed; undefined tensors at first
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor adam(const torch::Tensor& values, const torch::Tensor& gradient, double learning_rate,
                               AdamState& state);

/// CR-MOGM (Zhou et al. 2022): memory * previous + (1 - memory) * current, [T] float64; `previous` undefined:
/// `current`.
///
/// @param memory in [0, 1]
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor smoothed(const torch::Tensor& previous, const torch::Tensor& current, double memory = 0.9);

}  // namespace infomtl::ops
