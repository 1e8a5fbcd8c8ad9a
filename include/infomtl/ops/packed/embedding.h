#pragma once
// Embedding of packed tokens as the sum of several tables: words, positions, token types.
//
//   Tensor x = ops::embedding_sum({words, positions}, {ids, places}, segments.tokens());   // [N, H]
//
// Letters: N tokens, V rows of a table, H width.

#include <torch/types.h>

#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/packed/derivatives.h"
#include "infomtl/ops/packed/row_owners.h"

namespace infomtl::ops {

/// sum_k tables[k][ids[k]].
///
/// @param tables each [V_k, H]; @param ids each [N] int64, in range (the caller has checked)
/// @param owners as in linear(); the rows of a sink are touched only where a token of the task uses them
/// @return [N, H]
/// @throws ShapeError
INFOMTL_API torch::Tensor embedding_sum(const std::vector<torch::Tensor>& tables, const std::vector<torch::Tensor>& ids,
                                        const RowOwners& owners = {}, Derivatives derivatives = Derivatives::once);

}  // namespace infomtl::ops
