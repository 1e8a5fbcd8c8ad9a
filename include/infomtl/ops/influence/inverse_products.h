#pragma once
// Inverse products: H^-1 v for a symmetric H that is known by its products alone. Vectors are rows of a matrix [q, P].
//
//   CurvatureProduct product = [&](const Tensor& vectors) { return vectors.mm(h); };
//   Tensor x = conjugate_gradients(product, v, {.tolerance = 1e-10}).vectors;
//
// Letters: P parameters, q vectors, k directions of a basis.

#include <torch/types.h>

#include <cstdint>
#include <functional>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// [q, P] -> [q, P]
using CurvatureProduct = std::function<torch::Tensor(const torch::Tensor& vectors)>;
/// Of a sample of rows that is drawn anew at each step.
using SampledProduct = std::function<torch::Tensor(const torch::Tensor& vectors, std::int64_t step)>;

struct ConjugateGradientOptions {
  double tolerance = 1e-6;           ///< of the residual, relative to the vector's length
  std::int64_t iterations = 10'000;  ///< at most
  /// M^-1 v of vectors [q, P], M positive definite and near H: the nearer, the fewer iterations. May be empty.
  CurvatureProduct preconditioner = {};
};
struct ConjugateGradientResult {
  torch::Tensor vectors;        ///< [q, P]
  std::int64_t iterations = 0;  ///< of the vector that took most
  double residual = 0;          ///< relative, of the worst vector
  /// Vectors whose search met a direction with v^T H v <= 0 and stopped there, at the best point before it.
  std::int64_t negative = 0;
};
/// Conjugate gradients from 0, all vectors side by side; a vector of 0 gives 0.
/// @param progress  called after each iteration with its number and the worst relative residual; may be empty
INFOMTL_API ConjugateGradientResult conjugate_gradients(const CurvatureProduct& product, const torch::Tensor& vectors,
                                                        const ConjugateGradientOptions& options = {},
                                                        const std::function<void(std::int64_t, double)>& progress = {});

struct LissaOptions {
  std::int64_t depth = 5000;
  double scale = 50;   ///< above the largest eigenvalue of every sample
  double damping = 0;  ///< solves with H + damping scale I
};
/// LiSSA (Agarwal, Bullins and Hazan 2017): depth times r <- v + (1 - damping) r - H_step r / scale, from r = v; r / scale.
/// @throws NonFiniteError where that diverges: the scale is too small
INFOMTL_API torch::Tensor lissa(const SampledProduct& product, const torch::Tensor& vectors,
                                const LissaOptions& options = {});

/// Eigenvalues and eigenvectors (rows) of H on a part of the space.
struct CurvatureBasis {
  torch::Tensor vectors;     ///< [k, P], orthonormal
  torch::Tensor values;      ///< [k]
  std::int64_t dropped = 0;  ///< directions with values that are not above 0
};
/// Arnoldi's iteration (Schioppa et al. 2022, arXiv 2112.03052): a Krylov basis of `steps` vectors from a random one, twice
/// orthogonalised; of the symmetric part of H there, the `kept` eigenvalues that are largest in size, those above 0 only.
INFOMTL_API CurvatureBasis arnoldi_basis(const CurvatureProduct& product, std::int64_t size, std::int64_t steps,
                                         std::int64_t kept, std::uint64_t seed);
/// sum_k (v . q_k) q_k / value_k: nothing outside of the basis. [q, P]
INFOMTL_API torch::Tensor products_in_basis(const CurvatureBasis& basis, const torch::Tensor& vectors);

/// An orthonormal basis [k, P] of a random subspace; the whole space where k >= size.
INFOMTL_API torch::Tensor random_basis(std::int64_t size, std::int64_t k, std::uint64_t seed);
/// B^T (B H B^T)^-1 B v: the solution in the span of the basis (random projection, as TRAK has it; Park et al. 2023).
/// @param basis [k, P] @throws UserError where H is singular there
INFOMTL_API torch::Tensor projected_inverse_products(const CurvatureProduct& product, const torch::Tensor& basis,
                                                     const torch::Tensor& vectors);

/// The eigenvalue of H that is largest in size, by power iteration from a random vector: a little below the truth.
INFOMTL_API double largest_eigenvalue(const CurvatureProduct& product, std::int64_t size, std::uint64_t seed,
                                      std::int64_t iterations = 30);

}  // namespace infomtl::ops
