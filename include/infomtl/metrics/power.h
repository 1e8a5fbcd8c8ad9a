#pragma once
// Power: how large a difference must be for a paired t-test to find it.
//
//   detectable_effect(5) * deviation;      // the difference that five pairs find four times out of five

#include <cstddef>

#include "infomtl/core/export.h"

namespace infomtl {

/// Chance that the two-sided paired t-test finds a difference (p < alpha), for normal differences of mean `effect` times
/// their standard deviation: the noncentral t with pairs - 1 degrees of freedom (statsmodels' TTestPower).
/// @param pairs  2 or more @param alpha  in (0, 1) @throws StateError
INFOMTL_API double paired_t_power(double effect, std::size_t pairs, double alpha = 0.05);

/// The smallest effect (mean over deviation of the differences) found with that power. @param power  in (alpha, 1)
/// @throws StateError
INFOMTL_API double detectable_effect(std::size_t pairs, double power = 0.8, double alpha = 0.05);

}  // namespace infomtl
