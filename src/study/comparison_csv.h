#pragma once
// The numbers of a comparison as comma-separated values, unrounded: a row per method and task, and one per average.

#include <string>
#include <vector>

#include "infomtl/study/comparison.h"

namespace infomtl {

/// Columns: the axes, then those named in the first line. A field is empty where a number is not known.
std::string comparison_csv(const Comparison& comparison, const std::vector<const ComparisonTable*>& tables);

}  // namespace infomtl
