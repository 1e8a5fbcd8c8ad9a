#pragma once
// Diagnostics: what the terms and the weighting of a step tell of themselves, for its report.

#include <map>
#include <string>

#include "infomtl/losses/objective.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

/// "simax/..." of the terms, "weighting/..." of the weighting.
/// @param conflicts  cosines and conflicts of the tasks' gradients; what the weighting tells of them itself goes first
std::map<std::string, double> diagnostics_of(const Objective& objective, const GradientWeighting& weighting,
                                             const GradientWeighting::Diagnostics& conflicts);

}  // namespace infomtl
