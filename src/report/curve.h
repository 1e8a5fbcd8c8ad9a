#pragma once
// Curve: one logged number of one method over training, as the mean over its seeds with the range around it.

#include <cstddef>
#include <string>
#include <vector>

#include "report/run_record.h"

namespace infomtl::report {

/// Means and ranges at some places, in order. NaN where no seed has a number: there the line has a gap.
struct Curve {
  std::string name;       ///< of the method
  std::size_t style = 0;  ///< which colour and dash, by its place among the methods
  std::string label;      ///< at its end; "": the number of its place, from 1 on
  std::vector<double> at, mean, low, high;
  bool has_band = false;     ///< from low to high: several seeds, or two bounds
  bool is_quiet = false;     ///< drawn thin and grey, behind those that matter
  std::size_t left_out = 0;  ///< numbers that are not there, not finite or beyond what a plot can show

  bool empty() const;
};

/// Whether a plot can show it: finite and not beyond 1e100.
bool is_drawable(double value);

/// The mean over the seeds at each logged place; where there are more than `most` places, at `most` stretches of equal
/// length, each the mean of what lies in it. low and high are the least and the greatest of the seeds.
Curve curve_over_seeds(const std::vector<const Series*>& seeds, std::size_t most);

}  // namespace infomtl::report
