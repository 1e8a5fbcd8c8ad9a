#pragma once
// Statistics over the runs of a summary: scores of seeds, and pairs of runs with one seed.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/metrics/statistics.h"
#include "infomtl/runs/results.h"

namespace infomtl {

/// Of each run; NaN where it lacks the task or split.
std::vector<double> scores_of(const std::vector<Results>& runs, const std::string& task, const std::string& split);
/// Sentence accuracies of tasks that label the same texts: Results::joint.
std::vector<double> joint_of(const std::vector<Results>& runs, const std::string& names, const std::string& split);
std::vector<double> averages_of(const std::vector<Results>& runs, const std::string& split);

/// "66.12 +- 1.05", as tables show scores.
std::string spread_text(const std::vector<double>& values, bool higher_is_better);
/// `text` with a plus in front where the value is not negative.
std::string signed_text(double value, const std::string& text);

/// "test" where the runs have it, else "validation".
std::string compared_split(const std::vector<Results>& runs);

/// Runs of one seed: of a method, and of its baseline.
struct PairedRuns {
  std::vector<Results> method, baseline;
  std::size_t size() const { return method.size(); }
  bool empty() const { return method.empty(); }
};
PairedRuns paired_runs(const std::vector<Results>& method, const std::vector<Results>& baseline);

/// None below two pairs, or where an average is missing.
std::optional<PairedDifference> paired_test(const std::vector<double>& method, const std::vector<double>& baseline);
/// delta_p in percent over the tasks both have; NaN where there is none or a task's baseline is 0.
double relative_gain(const PairedRuns& pairs, const std::string& split);

}  // namespace infomtl
