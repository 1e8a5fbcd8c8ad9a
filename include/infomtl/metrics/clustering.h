#pragma once
// Clustering: how well groups agree with classes.
//
//   double ari = adjusted_rand_index(labels, clusters);
//   double nmi = normalized_mutual_information(labels, other_labels);

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// Share of pairs of rows on which two partitions agree, adjusted for chance (Hubert and Arabie 1985): 1 for the same
/// partition whatever its names, 0 on average for random ones, at least -0.5; 1 where both are one group, or all rows
/// alone.
/// @param a, b  the group of each row, any numbers @throws DataError when empty or of different lengths
INFOMTL_API double adjusted_rand_index(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b);

/// I(A;B) / ((H(A) + H(B)) / 2) of two labellings of the same rows (scikit-learn's normalized_mutual_info_score): 0 where one
/// says nothing of the other, 1 where each determines the other; 1 where both are constant, 0 where one is. Chance alone
/// makes it larger than 0 on few rows of many classes.
/// @param a, b  the class of each row, any numbers @throws as adjusted_rand_index
INFOMTL_API double normalized_mutual_information(const std::vector<std::int64_t>& a,
                                                 const std::vector<std::int64_t>& b);

}  // namespace infomtl
