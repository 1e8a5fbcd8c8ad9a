#pragma once
// Output loss: the losses of linear heads row by row, with first and second derivatives in the outputs. They are those that
// train (ops/information/classification.h): cross entropy, binary cross entropy averaged over the classes, squared error.
//
//   Tensor e = output_gradients(OutputLoss::cross_entropy, logits, labels);        // softmax - one-hot
//
// Letters: n rows, C outputs, q directions, s terms of a root.

#include <torch/types.h>

#include "infomtl/core/export.h"

namespace infomtl::ops {

enum class OutputLoss { cross_entropy, binary_cross_entropy, squared_error };

/// [n]. @param outputs [n, C] @param labels [n] int64 of classes; [n, C] of sets; [n] of values @throws ShapeError
INFOMTL_API torch::Tensor output_losses(OutputLoss loss, const torch::Tensor& outputs, const torch::Tensor& labels);

/// [n, C]: the gradient of each row's loss in its outputs. @throws ShapeError
INFOMTL_API torch::Tensor output_gradients(OutputLoss loss, const torch::Tensor& outputs, const torch::Tensor& labels);

/// [n, q, C]: the Hessian of each row's loss in its outputs, times directions [n, q, C]. No label enters it.
INFOMTL_API torch::Tensor output_curvature_products(OutputLoss loss, const torch::Tensor& outputs,
                                                    const torch::Tensor& directions);

/// [n, s, C]: rows r_1 .. r_s whose outer products add up to that Hessian, sum_s r_s r_s^T.
INFOMTL_API torch::Tensor output_curvature_roots(OutputLoss loss, const torch::Tensor& outputs);

}  // namespace infomtl::ops
