#pragma once
// Sparkline: a curve as one line of block characters.

#include <string>
#include <vector>

namespace infomtl::report {

/// One character per number, eight heights from the least to the greatest; a blank where there is no number, the middle
/// height where all are equal.
std::string sparkline(const std::vector<double>& numbers);

}  // namespace infomtl::report
