#pragma once
// Inverse curvature: H^-1 v of a shared objective by one of several backends, behind one call.
//
//   InverseCurvature found = inverse_curvature_products(objective, w, vectors, {.backend = "auto"});
//   found.vectors; found.backend.reason;               // "the largest block has 1540 parameters, at most 5000"
//
// | backend | what it does | cost |
// |---|---|---|
// | explicit | blocks of the arrow, Cholesky, one Schur complement | largest block cubed |
// | cg | conjugate gradients on products; EK-FAC as preconditioner, but under soft sharing | iterations x rows x parameters |
// | lissa | truncated Neumann series on samples of rows | depth x sample x parameters |
// | arnoldi | eigenvalues and -vectors in a Krylov space | steps x rows x parameters |
// | ekfac | corrected Kronecker factors per layer, Gauss-Newton only | two passes over the rows |
// | random_projection | the solution in a random subspace | dimensions x rows x parameters |
// | identity | v itself: products of gradients, a baseline | nothing |

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/influence/shared_objective.h"

namespace infomtl::ops {

struct InverseSettings {
  std::string backend = "auto";
  Curvature curvature = Curvature::hessian;
  double damping = 0;  ///< added to every eigenvalue, beside the ridge that also trains
  double cg_tolerance = 1e-6;
  std::int64_t cg_iterations = 10'000;
  std::int64_t lissa_depth = 5000;
  double lissa_scale = 0;          ///< 0: twice the largest eigenvalue, measured on all rows
  std::int64_t lissa_batch = 256;  ///< rows of each task in a sample, at most as many as it has; 0: all
  std::int64_t arnoldi_steps = 200;
  std::int64_t arnoldi_kept = 100;
  std::int64_t projection = 512;  ///< dimensions
  std::uint64_t seed = 0;
};

/// The backend that answers, and why, in words.
struct BackendChoice {
  std::string name;
  std::string reason;
};
/// What "auto" takes; else the one that was asked for. @throws UnknownNameError
INFOMTL_API BackendChoice chosen_backend(const SharedObjective& objective, const InverseSettings& settings);

struct InverseCurvature {
  torch::Tensor vectors;  ///< [q, P]
  BackendChoice backend;
  std::vector<std::string> notes;  ///< what a reader must know of the result: iterations, residuals, what was dropped
};

/// Names, in the order of the table above.
INFOMTL_API std::vector<std::string> inverse_backends();

/// @param vectors [q, P] @param progress  a line of words now and then; may be empty
/// @throws UnknownNameError; UserError for a singular curvature, or a backend that does not fit, in words
INFOMTL_API InverseCurvature inverse_curvature_products(const SharedObjective& objective, const torch::Tensor& w,
                                                        const torch::Tensor& vectors, const InverseSettings& settings,
                                                        const std::function<void(const std::string&)>& progress = {});

/// |H x - v| / |v| of the worst of vectors v [q, P] and their solutions x [q, P]: one product with the curvature that
/// `settings` has, damping included. 0: solved; of v = 0 too.
INFOMTL_API double inverse_residual(const SharedObjective& objective, const torch::Tensor& w,
                                    const torch::Tensor& solutions, const torch::Tensor& vectors,
                                    const InverseSettings& settings);

}  // namespace infomtl::ops
