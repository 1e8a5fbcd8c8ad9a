#pragma once
// Embedding of packed tokens as the sum of several tables: words, positions, token types.
//
// Letters: N tokens, V rows of a table, H width.

#include <torch/types.h>

#include <memory>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/gradient_segments.h"

namespace infomtl::ops {

/// sum_k tables[k][ids[k]].
///
/// @param tables each [V_k, H]; @param ids each [N] int64, in range (the caller has checked)
/// @param segments as in linear(); the rows of a sink are touched only where a token of the task uses them
/// @return [N, H]; differentiable once
/// @throws ShapeError
INFOMTL_API torch::Tensor embedding_sum(const std::vector<torch::Tensor>& tables, const std::vector<torch::Tensor>& ids,
                                        const std::shared_ptr<GradientSegments>& segments = nullptr);

}  // namespace infomtl::ops
