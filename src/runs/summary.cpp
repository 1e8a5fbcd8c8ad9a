#include "infomtl/runs/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "infomtl/core/errors.h"
#include "infomtl/runs/text_table.h"
#include "runs/shown_splits.h"
#include "runs/summary_statistics.h"

namespace infomtl {
namespace {

Json spread_json(const std::vector<double>& values) {
  const Spread spread = spread_of(values);
  return {{"mean", spread.mean}, {"deviation", spread.deviation}, {"per_seed", values}};
}

/// Of each task the splits that every run has a score of.
ScoredSplits scored_by_all(const std::vector<Results>& runs, const std::vector<std::string>& splits) {
  ScoredSplits scored;
  for (const auto& [name, task] : runs.front().tasks) {
    scored.emplace_back(name, std::vector<std::string>());
    for (const std::string& split : splits) {
      const std::vector<double> scores = scores_of(runs, name, split);
      const bool whole = std::none_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); });
      if (whole) scored.back().second.push_back(split);
    }
  }
  return scored;
}

}  // namespace

Json Summary::to_json() const {
  Json json = {{"format", 1}, {"seeds", Json::array()}, {"tasks", Json::object()}, {"average", Json::object()}};
  for (const Results& run : runs) json["seeds"].push_back(run.seed);
  if (runs.empty()) return json;
  const std::vector<std::string> splits = runs.front().splits();
  for (const auto& [name, task] : runs.front().tasks) {
    Json entry = {{"metric", task.metric}, {"higher_is_better", task.higher_is_better}};
    for (const std::string& split : splits) {
      entry[split] = spread_json(scores_of(runs, name, split));
    }
    json["tasks"][name] = std::move(entry);
  }
  for (const std::string& split : splits) {
    json["average"][split] = spread_json(averages_of(runs, split));
  }
  for (const auto& [names, scores] : runs.front().joint) {
    for (const std::string& split : splits) {
      json["joint"][names]["sentence_accuracy"][split] = spread_json(joint_of(runs, names, split));
    }
  }
  return json;
}

std::string Summary::table(const std::string& split_shown) const {
  if (runs.empty()) return "no runs\n";
  const std::vector<std::string> splits = shown_splits(runs.front().splits(), split_shown);
  std::vector<std::string> head = {"task", "metric"};
  head.insert(head.end(), splits.begin(), splits.end());
  TextTable table(head, 2);
  bool all_rise = true;
  for (const auto& [name, task] : runs.front().tasks) {
    all_rise = all_rise && task.higher_is_better;
    std::vector<std::string> row = {name, task.metric};
    for (const std::string& split : splits) {
      row.push_back(spread_text(scores_of(runs, name, split), task.higher_is_better));
    }
    table.add(std::move(row));
  }
  table.rule();
  std::vector<std::string> row = {"average", ""};
  for (const std::string& split : splits) {
    row.push_back(spread_text(averages_of(runs, split), all_rise));
  }
  table.add(std::move(row));
  for (const auto& [names, scores] : runs.front().joint) {
    std::vector<std::string> all_right = {names, "sentence_accuracy"};
    for (const std::string& split : splits) all_right.push_back(spread_text(joint_of(runs, names, split), true));
    table.add(std::move(all_right));
  }
  return table.text() + "mean +- standard deviation over " + std::to_string(runs.size()) + " seeds\n" +
         shown_instead_note(runs.front().splits(), split_shown) +
         missing_scores_note(scored_by_all(runs, splits), splits);
}

std::string Summary::compare(const Summary& baseline, const std::string& name, const std::string& baseline_name) const {
  const PairedRuns pairs = paired_runs(runs, baseline.runs);
  if (pairs.empty()) throw UserError("no seed is in both " + name + " and " + baseline_name);
  const std::string split = compared_split(runs);
  TextTable table({"task", "metric", name, baseline_name, "difference", "p"}, 2);
  bool all_rise = true;
  const auto add_row = [&](const std::string& row, const std::string& metric, bool rises,
                           const std::vector<double>& mine, const std::vector<double>& base) {
    std::vector<double> difference;
    for (std::size_t i = 0; i < mine.size(); ++i) difference.push_back(mine[i] - base[i]);
    const std::optional<PairedDifference> test = paired_test(mine, base);
    table.add({row, metric, spread_text(mine, rises), spread_text(base, rises),
               signed_text(spread_of(difference).mean, spread_text(difference, rises)),
               fixed(test ? test->p_value : std::numeric_limits<double>::quiet_NaN(), 3)});
  };
  for (const auto& [task, result] : pairs.method.front().tasks) {
    const auto& theirs = pairs.baseline.front().tasks;
    const bool there = std::any_of(theirs.begin(), theirs.end(),
                                   [&, wanted = task](const auto& other) { return other.first == wanted; });
    if (!there) throw UserError(baseline_name + " has no task \"" + task + "\"");
    add_row(task, result.metric, result.higher_is_better, scores_of(pairs.method, task, split),
            scores_of(pairs.baseline, task, split));
    all_rise = all_rise && result.higher_is_better;
  }
  table.rule();
  add_row("average", "", all_rise, averages_of(pairs.method, split), averages_of(pairs.baseline, split));
  const double gain = relative_gain(pairs, split);
  return table.text() + "delta_p " + signed_text(gain, fixed(gain, 2)) + " % over " + std::to_string(pairs.size()) +
         " paired seeds, " + split + " split; p: two-sided paired t-test\n";
}

}  // namespace infomtl
