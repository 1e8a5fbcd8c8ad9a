#pragma once
// EK-FAC: a Gauss-Newton curvature of linear layers, each alone, by Kronecker factors whose eigenvalues are corrected (George
// et al. 2018; for influence Grosse et al. 2023, arXiv 2308.03296). For a layer whose gradients are g a^T,
//
//   A = E[a a^T] = Q_A D_A Q_A^T, S = E[g g^T] = Q_S D_S Q_S^T, Lambda_ij = E[((Q_S^T g)_i (Q_A^T a)_j)^2]
//   inverse product: Q_S [(Q_S^T V Q_A) / (Lambda + damping)] Q_A^T
//
//   EkfacLayer layer;
//   layer.add_covariances(a, g, weights); layer.rotate(); layer.add_eigenvalues(a, g, weights);
//   Tensor x = layer.inverse_products(vectors, damping);
//
// Letters: n rows, s gradients of a row, in and out widths of the layer.

#include <torch/types.h>

#include <cstdint>
#include <map>

#include "infomtl/core/export.h"
#include "infomtl/ops/influence/shared_objective.h"

namespace infomtl::ops {

class INFOMTL_API EkfacLayer {
 public:
  /// First over all rows. @param inputs [n, in] @param gradients [n, s, out] @param weights [n]
  void add_covariances(const torch::Tensor& inputs, const torch::Tensor& gradients, const torch::Tensor& weights);
  /// The eigenvectors of what was added.
  void rotate();
  /// Then once more over all rows. @throws StateError before rotate()
  void add_eigenvalues(const torch::Tensor& inputs, const torch::Tensor& gradients, const torch::Tensor& weights);
  /// [q, out in] from vectors of that shape. @throws UserError where an eigenvalue with its damping is not above 0
  torch::Tensor inverse_products(const torch::Tensor& vectors, double damping) const;

 private:
  torch::Tensor input_sum_, gradient_sum_;              ///< A [in, in], S [out, out]
  torch::Tensor input_directions_, output_directions_;  ///< Q_A, Q_S, eigenvectors as columns
  torch::Tensor eigenvalues_;                           ///< Lambda [out, in]
};

/// The Gauss-Newton curvature of an objective at w, layer by layer, plus its ridge: what layers have to do with each other is
/// left out. The gradients of a row are those of all labels, each times its probability, so nothing is sampled.
class INFOMTL_API EkfacInverse {
 public:
  /// Two passes over the rows. @param damping  added to the eigenvalues, beside the ridge
  /// @throws UserError under soft sharing, whose tie is between layers
  EkfacInverse(const SharedObjective& objective, const torch::Tensor& w, double damping = 0);
  /// H^-1 v of [q, P]. @throws UserError where a layer is singular
  torch::Tensor times(const torch::Tensor& vectors) const;

 private:
  std::map<std::int64_t, EkfacLayer> layers_;  ///< by the place of their parameters
  double damping_;
};

}  // namespace infomtl::ops
