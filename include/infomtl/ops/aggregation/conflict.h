#pragma once
// Conflict: two tasks whose gradients have a negative inner product. These functions remove it, from the Gram matrix
// alone: by projecting pair by pair (PCGrad, GradVac) or onto the cone of directions that hurt no task (UPGrad,
// DualProj, CAGrad).
//
//   Tensor w = pcgrad(gram(jacobian), random_orders(tasks, stream));
//   Solution up = upgrad(gram(jacobian));                       // G (G^T up.weights) >= 0

#include <torch/types.h>

#include <cstddef>
#include <vector>

#include "infomtl/core/random.h"
#include "infomtl/ops/aggregation/gram.h"

namespace infomtl::ops {

/// For each task the order in which the others are met; the task itself is skipped where it occurs.
using Orders = std::vector<std::vector<std::size_t>>;

/// T independent permutations of {0, ..., T-1}.
INFOMTL_API Orders random_orders(std::size_t tasks, RandomStream& stream);

/// PCGrad (Yu et al. 2020, Alg. 1) in coefficients: g_i' = g_i; for j in order: if g_i'.g_j < 0 then
/// g_i' -= (g_i'.g_j / ||g_j||^2) g_j; d = sum_i g_i'. Returns the weights [T] of d = G^T w, all >= 1. Zero rows are
/// never met.
///
/// @param gram [T, T]
/// @throws ShapeError (also for orders that are not T lists of tasks), NonFiniteError
INFOMTL_API torch::Tensor pcgrad(const torch::Tensor& gram, const Orders& orders);

struct GradVacOptions {
  double beta = 0.5;     ///< weight of the new cosine in the moving target, in [0, 1]
  double epsilon = 0.0;  ///< added to products of norms; TorchJD uses 1e-8, which changes gradients of that scale
};

/// GradVac (Wang et al. 2021, Eq. 3 and 4) with one group, the whole model, in coefficients: for j in the order of i,
/// c = cos(g_i', g_j); if c < c*_ij: g_i' += g_j ||g_i'|| (c* sqrt(1 - c^2) - c sqrt(1 - c*^2)) / (||g_j|| sqrt(1 -
/// c*^2)), after which the cosine is c*; then c*_ij <- (1 - beta) c*_ij + beta c. d = sum_i g_i'. Returns the weights
/// [T].
///
/// A target above 1 - 1e-8 is met as that (no finite multiple reaches 1). Zero rows are never met.
/// @param gram [T, T]; @param targets [T, T] float64, changed in place; undefined at first: becomes zeros
/// @throws ShapeError, NonFiniteError; the targets are then untouched
INFOMTL_API torch::Tensor gradvac(const torch::Tensor& gram, const Orders& orders, torch::Tensor& targets,
                                  const GradVacOptions& options = {});

struct DualConeOptions {
  double norm_epsilon =
      0.0;              ///< a trace of K below it counts as 0 (TorchJD: 1e-4, so small gradients are just averaged)
  double ridge = 1e-4;  ///< added to the diagonal of K / trace K; 0 projects exactly onto the cone {d : G d >= 0}
  torch::Tensor preference;  ///< [T] >= 0 combination before projecting; undefined: 1/T each
};

/// UPGrad (Quinton and Rey 2024): every preference_t g_t projected onto the dual cone, then summed. v_t = argmin v^T K'
/// v subject to v >= preference_t e_t with K' = K / trace K + ridge I; weights = sum_t v_t. Two tasks without ridge:
/// PCGrad / 2.
///
/// residual: largest |min(v - u, K' v)| of the T programs. K = 0 gives the preference.
/// @param gram [T, T]
/// @throws ShapeError, NonFiniteError
INFOMTL_API Solution upgrad(const torch::Tensor& gram, const DualConeOptions& options = {});

/// DualProj: one projection of the whole combination (GEM, Lopez-Paz and Ranzato 2017, Eq. 11). Same options as
/// `upgrad`.
INFOMTL_API Solution dualproj(const torch::Tensor& gram, const DualConeOptions& options = {});

/// How CAGrad's direction is divided at the end: by 1, 1 + c^2 or 1 + c.
enum class Rescale { kNone, kSquare, kLinear };

/// CAGrad (Liu et al. 2021): max_d min_t g_t.d subject to ||d - g_0|| <= c ||g_0||, g_0 the mean gradient.
///
/// Solved through min ||d - g_0|| s.t. G d >= z for the one z that puts d on the sphere, by Newton's method on the
/// concave value z(radius); every step is an exact quadratic program. The dual point w is on the simplex and d = g_0 +
/// c ||g_0|| G^T w / ||G^T w||. Where 0 lies in the hull and the ball reaches the dual cone, every d there with min_t
/// g_t.d = 0 is optimal and w gives no direction; the one nearest g_0 is returned and `stationary` set (TorchJD returns
/// 0, which is outside the ball; LibMTL g_0). residual: duality gap / trace K before the rescaling. c = 0 or g_0 = 0
/// (to rounding): the mean.
///
/// @param gram [T, T]; @param c radius, >= 0
/// @throws ShapeError, NonFiniteError (also for c < 0)
INFOMTL_API Solution cagrad(const torch::Tensor& gram, double c = 0.5, Rescale rescale = Rescale::kSquare);

}  // namespace infomtl::ops
