#pragma once
// Perturbation: from the gradient of a loss to the small change that raises it most, for adversarial training.
//
//   Tensor offset = ops::fgm_perturbation(embedding_gradient, offsets, 1.0);     // one direction per sequence
//   weight += ops::fgm_perturbation(weight.grad(), 0.1);                         // one per tensor (CIFM)
//
// Letters: N rows (tokens), S segments (sequences), H width. Norms are taken in float64. A segment or tensor whose
// gradient norm is 0, infinite or NaN is not perturbed. Results are detached, of the gradient's type.

#include <torch/types.h>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// epsilon g / |g| over the whole tensor of any shape (FGM, Miyato et al. 2017). @param epsilon >= 0
INFOMTL_API torch::Tensor fgm_perturbation(const torch::Tensor& gradient, double epsilon);

/// The same for each segment of packed rows.
/// @param gradient  [N, H]
/// @param offsets   [S+1] int32 or int64, a partition of 0..N: segment s is rows offsets[s]..offsets[s+1]
/// @throws ShapeError (the partition is checked on the CPU only)
INFOMTL_API torch::Tensor fgm_perturbation(const torch::Tensor& gradient, const torch::Tensor& offsets, double epsilon);

/// One step of PGD (Madry et al. 2018) with the Euclidean ball: project(perturbation + step g / |g|, |.| <= epsilon).
/// @param perturbation same shape as gradient
INFOMTL_API torch::Tensor pgd_step(const torch::Tensor& perturbation, const torch::Tensor& gradient, double step,
                                   double epsilon);

/// The same with one ball for each segment of packed rows.
INFOMTL_API torch::Tensor pgd_step(const torch::Tensor& perturbation, const torch::Tensor& gradient,
                                   const torch::Tensor& offsets, double step, double epsilon);

}  // namespace infomtl::ops
