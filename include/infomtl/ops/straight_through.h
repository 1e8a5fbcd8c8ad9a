#pragma once
// Straight-through choices: one of several by Gumbel noise, hard forwards, with the gradient of the soft choice (Jang, Gu
// and Poole, ICLR 2017; Maddison, Mnih and Teh, ICLR 2017).
//
//   Tensor gate = ops::straight_through_softmax(logits + ops::standard_gumbel(logits, noise), temperature);

#include <torch/types.h>

#include "infomtl/core/export.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {

/// Independent draws of the standard Gumbel distribution in the shape and type of `like`, without graph: the largest of
/// logits plus such noise is a draw from their softmax.
INFOMTL_API torch::Tensor standard_gumbel(const torch::Tensor& like, TensorRandom& random);

/// 1 at the largest score along the last dimension (the first of equal ones), 0 elsewhere; no graph.
INFOMTL_API torch::Tensor one_hot_of_largest(const torch::Tensor& scores);

/// one_hot_of_largest(scores), exactly, with the gradient of softmax(scores / temperature), along the last dimension.
/// @param temperature  above 0
INFOMTL_API torch::Tensor straight_through_softmax(const torch::Tensor& scores, double temperature);

}  // namespace infomtl::ops
