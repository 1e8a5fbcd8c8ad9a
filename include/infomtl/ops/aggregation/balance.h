#pragma once
// Balance: weights that give every task its fair part of the step: by bargaining (Nash-MTL, FairGrad), by equal
// projections (IMTL-G), by equal singular values (Aligned-MTL) or by equal cosines (ConFIG). All from the Gram matrix
// alone.
//
//   Solution w = fairgrad(gram(jacobian), 2.0);
//   if (!w.stationary) direction = combine(jacobian, w.weights);

#include <torch/types.h>

#include "infomtl/ops/aggregation/gram.h"

namespace infomtl::ops {

/// FairGrad (Ban and Ji 2024, Eq. 4): weights w > 0 with (K w)_t = w_t^(-1/alpha); alpha = 1 is the Nash bargaining
/// point.
///
/// Newton's method on the convex 1/2 w^T K w - sum_t psi(w_t), psi' = w^(-1/alpha), in variables that give K a unit
/// diagonal. residual: max_t |w_t^(1/alpha) (K w)_t - 1|. A solution exists unless 0 lies in the hull of the rows
/// (opposite gradients); then `stationary` is set and the weights are those of K with 1e-8 of its diagonal added,
/// finite but not of a sensible scale: keep the previous ones. A zero row takes no part and gets weight 0. alpha = 0:
/// 1/T each (the limit, a plain mean).
///
/// @param gram [T, T]; @param alpha >= 0
/// @throws ShapeError, NonFiniteError (also for alpha < 0)
INFOMTL_API Solution fairgrad(const torch::Tensor& gram, double alpha = 1.0);

/// Nash-MTL (Navon et al. 2022): weights a > 0 with K a = 1 / a. `fairgrad` with alpha = 1, and what is said there.
/// (The released code divides K by its Frobenius norm and multiplies it back in its constraints: the same equation.)
///
/// @param max_norm the direction is shortened to this Euclidean norm, as released with 1; 0 leaves it
INFOMTL_API Solution nash_mtl(const torch::Tensor& gram, double max_norm = 0.0);

/// The weights [T], scaled down where their direction G^T w is longer than `max_norm`; 0 leaves them.
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor shortened(const torch::Tensor& weights, const torch::Tensor& gram, double max_norm);

/// IMTL-G (Liu et al. 2021): weights that sum to 1 and give equal projections on all unit gradients.
/// alpha = v / sum v with v = K^+ sqrt(diag K); weights may be negative. Where sum v is 0 to rounding (opposite rows):
/// all 0, stationary. residual: max_t |u_t.d - mean| / (sum_s |alpha_s| ||g_s||), u_t the unit gradients of nonzero
/// rows; above rounding only where no equal projections exist (0 in the affine hull of dependent rows).
/// @param gram [T, T]
/// @throws ShapeError, NonFiniteError
INFOMTL_API Solution imtl_g(const torch::Tensor& gram);

/// Which eigenvalue of K all are brought to.
enum class AlignedScale { kMin, kMedian, kMean };

struct AlignedOptions {
  AlignedScale scale = AlignedScale::kMin;  ///< mean: root of the mean square singular value ("rmse")
  torch::Tensor preference;                 ///< [T]; undefined: 1/T each
  double rank_tolerance = 0.0;  ///< eigenvalues below this share of the largest are 0; 0 means T times double's epsilon
};

/// Aligned-MTL (Senushkin et al. 2023, Alg. 1): weights B p with B = sqrt(l) V L^(-1/2) V^T from K = V L V^T cut to its
/// rank, so that B G has all nonzero singular values equal to sqrt(l). Noise just above the tolerance makes a tiny l
/// with kMin. K = 0: the preference. residual: largest entry of B K B v / l - v over the kept eigenvectors v.
/// @param gram [T, T]
/// @throws ShapeError, NonFiniteError
INFOMTL_API Solution aligned_mtl(const torch::Tensor& gram, const AlignedOptions& options = {});

/// ConFIG (Liu, Chu and Thuerey 2024, Eq. 2): b = U^+ p with U the unit gradients (0 for zero rows), d = (sum_t
/// g_t.b/||b||) b/||b||: equal cosines with every task where p is constant. In coefficients y = (U U^T)^+ p. residual:
/// max_t |u_t.b - p_t| over nonzero rows (0 when independent). b = 0: weights 0, stationary.
/// @param gram [T, T]; @param preference [T], undefined: ones
/// @throws ShapeError, NonFiniteError
INFOMTL_API Solution conflict_free(const torch::Tensor& gram, const torch::Tensor& preference = {});

}  // namespace infomtl::ops
