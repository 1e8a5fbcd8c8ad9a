#pragma once
// Text convolution: filters over windows of words, of which each text keeps the largest answer (Kim, EMNLP 2014).
//
// Letters: N rows of all texts end to end, B texts, H width of a row, w rows of a window, F filters.

#include <torch/types.h>

#include "infomtl/core/export.h"

namespace infomtl::ops {

/// [B, F]: per text and filter max over windows of relu(bias_f + sum_j rows_{i+j} . weight_{j,f}). Windows lie inside a text; a
/// text of fewer than w rows has one, filled up with zeros, an empty one answers 0. Differentiable.
/// @param rows [N, H] any floating type; @param offsets [B+1] integers: text b is rows offsets[b] .. offsets[b+1]
/// @param weight [w, H, F]; @param bias [F], of the rows' type @throws ShapeError
INFOMTL_API torch::Tensor max_over_windows(const torch::Tensor& rows, const torch::Tensor& offsets,
                                           const torch::Tensor& weight, const torch::Tensor& bias);

}  // namespace infomtl::ops
