#pragma once
// Group sums: rows that belong together, added in one order on every device, so that a run repeats bit for bit.

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "infomtl/ops/tensor.h"

namespace infomtl::ops {

/// [groups, ...] sums of the rows of each group; 0 for a group without rows. Differentiable.
/// @param rows [N, ...]; @param group [N] int64 in 0..groups, on the rows' device
inline Tensor group_sums(const Tensor& rows, const Tensor& group, std::int64_t groups) {
  std::vector<std::int64_t> shape = rows.sizes().vec();
  shape.at(0) = groups;
  const Tensor zero = at::zeros(shape, rows.options().requires_grad(false));
  if (rows.is_cpu()) return zero.index_add(0, group, rows);
  // This sorts on a GPU, where index_add adds in any order.
  return zero.index_put({std::optional<Tensor>(group)}, rows, /*accumulate=*/true);
}

}  // namespace infomtl::ops
