#pragma once
// Linear maps of packed matrices.
//
//   Tensor y = ops::linear(x, weight, bias, owners);
//   Tensor qkv = ops::stacked_linear(x, {wq, wk, wv}, {bq, bk, bv}, owners);   // one product, [N, 3H]
//
// Letters: N rows, I inputs, O outputs, T tasks.

#include <torch/types.h>

#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/derivatives.h"
#include "infomtl/ops/packed/row_owners.h"

namespace infomtl::ops {

/// x weight^T + bias.
///
/// @param x [N, I]; @param weight [O, I]; @param bias [O] or undefined; a bfloat16 x meets float32 parameters: they are
///   rounded to bfloat16 for the products, whose sums are float32; parameter gradients come out in float32
/// @param owners of the rows of x: per-task gradients of weight and bias go to their sink where that wants them: row t
///   gets X_t^T dY_t, and the parameter itself gets no gradient; none: ordinary gradients
/// @return [N, O] of the type of x
/// @throws ShapeError
INFOMTL_API torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                                 const RowOwners& owners = {}, Derivatives derivatives = Derivatives::once);

/// Several linear maps of one input side by side: [N, O_1 + O_2 + ...]. Parameters that lie one after another in memory
/// are used as one matrix without a copy, and so are rows of the sink. For the rest as linear().
///
/// @param weights  each [O_i, I]; @param biases  as many, each [O_i], or none at all
/// @throws ShapeError also without weights
INFOMTL_API torch::Tensor stacked_linear(const torch::Tensor& x, const std::vector<torch::Tensor>& weights,
                                         const std::vector<torch::Tensor>& biases, const RowOwners& owners = {},
                                         Derivatives derivatives = Derivatives::once);

/// Whether this processor multiplies bfloat16 matrices by instructions of its own (AVX512-BF16 or AMX). Elsewhere the
/// products come out alike, but slower than float32's.
INFOMTL_API bool has_bfloat16_products();

}  // namespace infomtl::ops
