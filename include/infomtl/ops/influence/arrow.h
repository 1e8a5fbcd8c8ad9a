#pragma once
// Arrow: the Hessian of tasks that meet in a shared part only, and its inverse by one Schur complement (MTIF, Tu et al.,
// arXiv 2505.21438). With gamma the shared parameters and theta_k those of task k,
//
//   H = [H_gg, H_gk...; H_kg, H_kk], H_kl = 0;  A_k = H_kk^-1 H_kg;  S = H_gg - sum_k H_kg^T A_k
//   inverse blocks: (gg) S^-1; (kg) -A_k S^-1; (kl) [k = l] H_kk^-1 + A_k S^-1 A_l^T
//
// so that one matrix of p x p and T small ones are solved with, not one of all parameters.
//
//   ArrowInverse inverse(arrow_blocks(objective, w, Curvature::gauss_newton));
//   Tensor x = inverse.times(vectors);                                             // H^-1 v
//   Tensor between = inverse.shared_inverse(profiled_target).mm(profiled_rows.t());
//
// Letters: p shared parameters, d_k of task k, P all; q vectors, as rows.

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/influence/shared_objective.h"

namespace infomtl::ops {

/// Float64; p may be 0.
struct ArrowBlocks {
  torch::Tensor shared;                 ///< H_gg [p, p]
  std::vector<torch::Tensor> cross;     ///< H_kg [d_k, p]
  std::vector<torch::Tensor> own;       ///< H_kk [d_k, d_k]
  std::vector<std::string> names = {};  ///< of the tasks, for messages; empty: their numbers, from 1
};

/// The blocks of an objective's curvature at w, by products with unit vectors. @param damping  added to the diagonal
INFOMTL_API ArrowBlocks arrow_blocks(const SharedObjective& objective, const torch::Tensor& w, Curvature curvature,
                                     double damping = 0);

class INFOMTL_API ArrowInverse {
 public:
  /// @throws UserError naming the block that is not positive definite
  explicit ArrowInverse(const ArrowBlocks& blocks);

  /// [q, p]: gradients in gamma once theta_k has followed, g_gamma - A_k^T g_k: what reaches other tasks.
  torch::Tensor profiled(std::size_t task, const torch::Tensor& shared, const torch::Tensor& own) const;
  /// S^-1 v of [q, p].
  torch::Tensor shared_inverse(const torch::Tensor& vectors) const;
  /// H_kk^-1 v of [q, d_k]: what stays within the task.
  torch::Tensor own_inverse(std::size_t task, const torch::Tensor& vectors) const;
  /// H^-1 v of [q, P], gamma first.
  torch::Tensor times(const torch::Tensor& vectors) const;

 private:
  std::vector<torch::Tensor> own_;       ///< Cholesky factors of H_kk
  std::vector<torch::Tensor> response_;  ///< A_k
  torch::Tensor schur_;                  ///< Cholesky factor of S
  std::int64_t shared_ = 0;
};

}  // namespace infomtl::ops
