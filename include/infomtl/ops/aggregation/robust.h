#pragma once
// Aggregators from the robust-learning side: keep the rows that agree (Krum), drop the extremes of each entry (trimmed
// mean), or let every entry follow one sign (GradDrop).
//
//   Tensor d = combine(jacobian, krum(gram(jacobian), 1));
//   Tensor e = graddrop(jacobian, uniform_sample(jacobian.size(1), stream));

#include <torch/types.h>

#include <cstdint>

#include "infomtl/core/random.h"
#include "infomtl/ops/aggregation/gram.h"

namespace infomtl::ops {

/// Multi-Krum (Blanchard et al. 2017) in TorchJD's form: the score of a row is the sum of its distances to its
/// T - byzantine - 2 nearest others; the `selected` rows of lowest score get weight 1/selected. Ties go to the lower
/// index. Returns the weights [T] float64.
///
/// The paper sums squared distances. TorchJD sums plain ones, and its results are what this is tested against. With
/// more than one nearest other the two may rank rows differently.
///
/// @param gram [T, T]; T >= byzantine + 3 and T >= selected >= 1
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor krum(const torch::Tensor& gram, std::int64_t byzantine, std::int64_t selected = 1);

/// Mean of each column without its `trim` smallest and `trim` largest entries (Yin et al. 2018), [P] in the Jacobian's
/// type.
///
/// @param jacobian [T, P]; T > 2 trim, trim >= 0. Elsewhere than on the CPU a column with a number that is not finite has a NaN
/// as its mean, and nothing is thrown
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor trimmed_mean(const torch::Tensor& jacobian, std::int64_t trim);

/// [n] float64 uniform in [0, 1).
INFOMTL_API torch::Tensor uniform_sample(std::int64_t n, RandomStream& stream);

struct GradDropOptions {
  torch::Tensor leak;    ///< [T] in [0, 1], how much of a dropped entry passes; undefined: 0
  double epsilon = 0.0;  ///< added to the denominator of the purity; LibMTL uses 1e-7
};

/// The share of each entry that GradDrop lets through (Chen et al. 2020, Alg. 1): with purity p = (1 + sum_t a_t /
/// sum_t |a_t|) / 2, M_t = [p > u][a_t > 0] + [p < u][a_t < 0] and the result leak_t + (1 - leak_t) M_t, [T, P] in the
/// type of `scores`.
///
/// @param scores [T, P] whose signs decide: the task gradients, or for representation gradients sum_batch r_t sign(Z)
/// @param uniform [P] in [0, 1)
/// @throws ShapeError, NonFiniteError
INFOMTL_API torch::Tensor graddrop_shares(const torch::Tensor& scores, const torch::Tensor& uniform,
                                          const GradDropOptions& options = {});

/// d = sum_t shares_t * g_t [P] with the gradients themselves as scores.
INFOMTL_API torch::Tensor graddrop(const torch::Tensor& jacobian, const torch::Tensor& uniform,
                                   const GradDropOptions& options = {});

}  // namespace infomtl::ops
