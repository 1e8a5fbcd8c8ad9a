#pragma once
// Correlation: how two lists of numbers go together.
//
//   double pearson = correlation(predicted, measured);
//   double spearman = correlation(ranks(predicted), ranks(measured));
//   double auc = area_under_curve(scores, flipped);

#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// Pearson's correlation in two passes. 0 when either side is constant or there is one row: scipy says NaN there, which
/// no model could be selected by.
INFOMTL_API double correlation(const std::vector<double>& a, const std::vector<double>& b);

/// Ranks from 1; equal values share the average of their ranks.
INFOMTL_API std::vector<double> ranks(const std::vector<double>& values);

/// Area under the ROC curve: the chance that a positive scores above a negative, ties counting half; NaN where one of the
/// two is missing. @throws DataError when the sizes differ
INFOMTL_API double area_under_curve(const std::vector<double>& scores, const std::vector<bool>& positive);

}  // namespace infomtl
