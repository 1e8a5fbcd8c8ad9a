#pragma once
// Summary: what several seeds of one config scored.
//
//   Summary summary{{results_of_seed_0, results_of_seed_1}};
//   std::puts(summary.compare(baseline, "infomtl", "equal").c_str());

#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/runs/results.h"

namespace infomtl {

/// Several seeds of one config.
struct Summary {
  std::vector<Results> runs;

  /// summary.json: per task and split the mean, the standard deviation and each seed's score; the runs' seeds.
  INFOMTL_API Json to_json() const;
  /// @param split  as for Results::table()
  INFOMTL_API std::string table(const std::string& split = "") const;
  /// Table of this summary against a baseline on the test split (validation where there is no test), over the seeds
  /// both have: per task mean +- std of both, paired difference and its two-sided p; delta_p below.
  /// @throws UserError when tasks differ or no seed is in both
  INFOMTL_API std::string compare(const Summary& baseline, const std::string& name,
                                  const std::string& baseline_name) const;
};

}  // namespace infomtl
