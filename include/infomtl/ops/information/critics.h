#pragma once
// Critic: a function f(x, y) whose scores on all pairs of two batches, F_ij = f(x_i, y_j) [N, M], feed the bounds on
// mutual information. The networks live with whoever trains them; here is what they do to two batches.
//
//   Tensor scores = ops::concat_scores(x, y, {{w1, b1}, {w2, b2}});     // an MLP on every pair [x_i, y_j]
//   Tensor bound = ops::nwj(scores);
//
// Letters: N, M rows of the two batches, K width of an embedding. ShapeError when shapes do not fit. Results are
// float32 (float64 for float64 input); gradients reach every argument.

#include <torch/types.h>

#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/dense_net.h"

namespace infomtl::ops {

/// u_i . v_j of embeddings made beforehand. @param u [N, K]; @param v [M, K]
INFOMTL_API torch::Tensor separable_scores(const torch::Tensor& u, const torch::Tensor& v);

/// x_i^T W y_j. @param x [N, A]; @param weight [A, C]; @param y [M, C]
INFOMTL_API torch::Tensor bilinear_scores(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& y);

/// cos(x_i, y_j) / temperature; rows with norm <= 1e-12 score 0 and take no gradient. @param temperature > 0
INFOMTL_API torch::Tensor cosine_scores(const torch::Tensor& x, const torch::Tensor& y, double temperature = 1.0);

/// An MLP (ReLU between its layers) on every pair [x_i, y_j]; the last layer has one output.
///
/// Pairs are worked off in blocks of rows of x, and the backward pass computes each block again: memory is one block's
/// activations, not N M of them. The first layer costs N + M rows, since W [x, y] = W_x x + W_y y.
/// @param x [N, A]; @param y [M, C]; @param layers first weight [h, A + C]
/// @param rows_per_block 0: as many as keep a block's widest layer below 4 million values
INFOMTL_API torch::Tensor concat_scores(const torch::Tensor& x, const torch::Tensor& y,
                                        const std::vector<DenseLayer>& layers, std::int64_t rows_per_block = 0);

}  // namespace infomtl::ops
