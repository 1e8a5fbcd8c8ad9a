#pragma once
// Clustering: how well groups agree with classes.
//
//   double ari = adjusted_rand_index(labels, clusters);

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// Share of pairs of rows on which two partitions agree, adjusted for chance (Hubert and Arabie 1985): 1 for the same
/// partition whatever its names, 0 on average for random ones, at least -0.5; 1 where both are one group, or all rows
/// alone.
/// @param a, b  the group of each row, any numbers @throws DataError when empty or of different lengths
INFOMTL_API double adjusted_rand_index(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b);

}  // namespace infomtl
