#include "runs/summary_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::vector<double> scores_of(const std::vector<Results>& runs, const std::string& task, const std::string& split) {
  std::vector<double> values;
  values.reserve(runs.size());
  for (const Results& run : runs) values.push_back(run.score_of(task, split));
  return values;
}

std::vector<double> joint_of(const std::vector<Results>& runs, const std::string& names, const std::string& split) {
  std::vector<double> values;
  values.reserve(runs.size());
  for (const Results& run : runs) values.push_back(run.joint_of(names, split));
  return values;
}

std::vector<double> averages_of(const std::vector<Results>& runs, const std::string& split) {
  std::vector<double> values;
  values.reserve(runs.size());
  for (const Results& run : runs) {
    const auto found = run.average.find(split);
    values.push_back(found == run.average.end() ? kNan : found->second);
  }
  return values;
}

std::string spread_text(const std::vector<double>& values, bool higher_is_better) {
  const Spread spread = spread_of(values);
  return score_text(spread.mean, higher_is_better) + " +- " + score_text(spread.deviation, higher_is_better);
}

std::string signed_text(double value, const std::string& text) {
  std::string result(value >= 0 ? 1 : 0, '+');
  result += text;
  return result;
}

std::string compared_split(const std::vector<Results>& runs) {
  if (runs.empty()) return "test";
  const std::vector<std::string> splits = runs.front().splits();
  return std::find(splits.begin(), splits.end(), "test") != splits.end() ? "test" : "validation";
}

PairedRuns paired_runs(const std::vector<Results>& method, const std::vector<Results>& baseline) {
  PairedRuns pairs;
  for (const Results& run : method) {
    for (const Results& other : baseline) {
      if (run.seed != other.seed) continue;
      pairs.method.push_back(run);
      pairs.baseline.push_back(other);
    }
  }
  return pairs;
}

std::optional<PairedDifference> paired_test(const std::vector<double>& method, const std::vector<double>& baseline) {
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (method.size() < 2 || std::any_of(method.begin(), method.end(), is_nan) ||
      std::any_of(baseline.begin(), baseline.end(), is_nan)) {
    return std::nullopt;
  }
  return paired_difference(method, baseline);
}

double relative_gain(const PairedRuns& pairs, const std::string& split) {
  std::vector<std::vector<ScorePair>> gains;
  for (const auto& [task, result] : pairs.method.front().tasks) {
    const double ours = spread_of(scores_of(pairs.method, task, split)).mean;
    const double base = spread_of(scores_of(pairs.baseline, task, split)).mean;
    if (base == 0.0) return kNan;
    if (!std::isnan(ours) && !std::isnan(base)) gains.push_back({{ours, base, result.higher_is_better}});
  }
  return gains.empty() ? kNan : relative_gain_percent(gains);
}

}  // namespace infomtl
