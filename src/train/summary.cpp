#include <algorithm>
#include <cmath>
#include <limits>

#include "infomtl/core/errors.h"
#include "infomtl/metrics/statistics.h"
#include "infomtl/train/report.h"
#include "train/text_table.h"

namespace infomtl {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double score_of(const Results& run, const std::string& task, const std::string& split) {
  for (const auto& [name, result] : run.tasks) {
    if (name != task) continue;
    const auto found = result.score.find(split);
    return found == result.score.end() ? kNan : found->second;
  }
  return kNan;
}

double average_of(const Results& run, const std::string& split) {
  const auto found = run.average.find(split);
  return found == run.average.end() ? kNan : found->second;
}

template <class Score>
std::vector<double> collect(const std::vector<Results>& runs, Score score) {
  std::vector<double> values;
  for (const Results& run : runs) values.push_back(score(run));
  return values;
}

/// Values that are there (a task may lack a split), summed up.
struct Spread {
  double mean = kNan;
  double deviation = kNan;
};
Spread spread_of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  return values.empty() ? Spread{} : Spread{mean_of(values), standard_deviation(values)};
}

Json spread_json(const std::vector<double>& values) {
  const Spread spread = spread_of(values);
  return {{"mean", spread.mean}, {"deviation", spread.deviation}, {"per_seed", values}};
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

}  // namespace

Json Summary::to_json() const {
  Json json = {{"format", 1}, {"seeds", Json::array()}, {"tasks", Json::object()}, {"average", Json::object()}};
  for (const Results& run : runs) json["seeds"].push_back(run.seed);
  if (runs.empty()) return json;
  const std::vector<std::string> splits = runs.front().splits();
  for (const auto& [name, task] : runs.front().tasks) {
    Json entry = {{"metric", task.metric}, {"higher_is_better", task.higher_is_better}};
    for (const std::string& split : splits) {
      entry[split] = spread_json(collect(runs, [&](const Results& run) { return score_of(run, name, split); }));
    }
    json["tasks"][name] = std::move(entry);
  }
  for (const std::string& split : splits) {
    json["average"][split] = spread_json(collect(runs, [&](const Results& run) { return average_of(run, split); }));
  }
  return json;
}

std::string Summary::table() const {
  if (runs.empty()) return "no runs\n";
  const std::vector<std::string> splits = runs.front().splits();
  std::vector<std::string> head = {"task", "metric"};
  head.insert(head.end(), splits.begin(), splits.end());
  TextTable table(head, 2);
  bool all_rise = true;
  for (const auto& [name, task] : runs.front().tasks) {
    all_rise = all_rise && task.higher_is_better;
    std::vector<std::string> row = {name, task.metric};
    for (const std::string& split : splits) {
      row.push_back(spread_text(collect(runs, [&](const Results& run) { return score_of(run, name, split); }),
                                task.higher_is_better));
    }
    table.add(std::move(row));
  }
  table.rule();
  std::vector<std::string> row = {"average", ""};
  for (const std::string& split : splits) {
    row.push_back(spread_text(collect(runs, [&](const Results& run) { return average_of(run, split); }), all_rise));
  }
  table.add(std::move(row));
  return table.text() + "mean +- standard deviation over " + std::to_string(runs.size()) + " seeds\n";
}

std::string Summary::compare(const Summary& baseline, const std::string& name, const std::string& baseline_name) const {
  std::vector<const Results*> ours, theirs;
  for (const Results& run : runs) {
    for (const Results& other : baseline.runs) {
      if (run.seed != other.seed) continue;
      ours.push_back(&run);
      theirs.push_back(&other);
    }
  }
  if (ours.empty()) throw UserError("no seed is in both " + name + " and " + baseline_name);

  const std::vector<std::string> splits = runs.front().splits();
  const bool tested = std::find(splits.begin(), splits.end(), "test") != splits.end();
  const std::string split = tested ? "test" : "validation";
  TextTable table({"task", "metric", name, baseline_name, "difference", "p"}, 2);
  std::vector<std::vector<ScorePair>> gains;
  bool all_rise = true;
  const auto add_row = [&](const std::string& row, const std::string& metric, bool rises, auto score) {
    std::vector<double> mine, base, difference;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      mine.push_back(score(*ours[i]));
      base.push_back(score(*theirs[i]));
      difference.push_back(mine.back() - base.back());
    }
    const double p =
        mine.size() < 2 || std::isnan(spread_of(difference).mean) ? kNan : paired_difference(mine, base).p_value;
    table.add({row, metric, spread_text(mine, rises), spread_text(base, rises),
               signed_text(spread_of(difference).mean, spread_text(difference, rises)), fixed(p, 3)});
    return ScorePair{spread_of(mine).mean, spread_of(base).mean, rises};
  };
  for (const auto& [task, result] : ours.front()->tasks) {
    const bool there = std::any_of(theirs.front()->tasks.begin(), theirs.front()->tasks.end(),
                                   [&, wanted = task](const auto& other) { return other.first == wanted; });
    if (!there) throw UserError(baseline_name + " has no task \"" + task + "\"");
    const ScorePair pair = add_row(task, result.metric, result.higher_is_better,
                                   [&, wanted = task](const Results& run) { return score_of(run, wanted, split); });
    if (!std::isnan(pair.score) && !std::isnan(pair.baseline)) gains.push_back({pair});
    all_rise = all_rise && result.higher_is_better;
  }
  table.rule();
  add_row("average", "", all_rise, [&](const Results& run) { return average_of(run, split); });
  const double gain = relative_gain_percent(gains);
  return table.text() + "delta_p " + signed_text(gain, fixed(gain, 2)) + " % over " + std::to_string(ours.size()) +
         " paired seeds, " + split + " split; p: two-sided paired t-test\n";
}

}  // namespace infomtl
