// What a comparison says in numbers, computed from the results of its runs.

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "infomtl/metrics/power.h"
#include "infomtl/study/comparison.h"
#include "study/budgets.h"

namespace infomtl {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kFewestPairs = 4;  // that a p-value is given for
constexpr double kNearZero = 0.01;       // of a score between 0 and 1: no denominator
constexpr double kPower = 0.8;

/// The mean over the tasks of a number of Results::representation; NaN where no task has it.
double representation_of(const Results& run, const std::vector<ComparedTask>& tasks, const std::string& split,
                         const char* key) {
  const Json of_split = run.representation.value(split, Json::object());
  double sum = 0, count = 0;
  for (const ComparedTask& task : tasks) {
    const auto own = of_split.find(task.name);
    if (own == of_split.end() || !own->is_object()) continue;
    const Json number = own->value(key, Json());
    if (!number.is_number()) continue;
    sum += number.get<double>();
    count += 1;
  }
  return count > 0 ? sum / count : kNan;
}

/// Every run of every method of a table, or of several.
template <class Visit>
void visit_runs(const ComparisonTable& table, Visit&& visit) {
  for (const auto& runs : table.runs) {
    for (const Results& run : runs) visit(run);
  }
}
template <class Visit>
void visit_runs(const std::vector<ComparisonTable>& tables, Visit&& visit) {
  for (const ComparisonTable& table : tables) visit_runs(table, visit);
}

MethodScores scores_of(const std::vector<Results>& runs, const Comparison& comparison) {
  const std::vector<ComparedTask>& tasks = comparison.tasks;
  MethodScores scores;
  std::set<bool> directions;
  scores.per_task.resize(tasks.size());
  scores.joint.resize(comparison.joint.size());
  for (const Results& run : runs) {
    scores.seeds.push_back(run.seed);
    double sum = 0, count = 0;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      const double value = run.score_of(tasks[t].name, comparison.split);
      scores.per_task[t].values.push_back(value);
      if (std::isnan(value)) continue;  // no run of this table has the task
      sum += value;
      count += 1;
      directions.insert(tasks[t].higher_is_better);
    }
    for (std::size_t j = 0; j < comparison.joint.size(); ++j) {
      scores.joint[j].values.push_back(run.joint_of(comparison.joint[j], comparison.split));
    }
    scores.uniformity.values.push_back(representation_of(run, tasks, comparison.split, "uniformity"));
    scores.mean_cosine.values.push_back(representation_of(run, tasks, comparison.split, "mean_cosine"));
    scores.rand_index.values.push_back(representation_of(run, tasks, comparison.split, "adjusted_rand_index"));
    scores.average.values.push_back(directions.size() == 1 ? sum / count : kNan);
  }
  for (SeedScores& task : scores.per_task) task.spread = spread_of(task.values);
  for (SeedScores& joint : scores.joint) joint.spread = spread_of(joint.values);
  for (SeedScores* each : {&scores.average, &scores.uniformity, &scores.mean_cosine, &scores.rand_index}) {
    each->spread = spread_of(each->values);
  }
  scores.budget = budget_of(runs);
  return scores;
}

/// Values of the seeds that both have, in the same order.
struct Pairs {
  std::vector<std::size_t> ours, theirs;  ///< indices of runs

  std::vector<double> of(const SeedScores& scores, const std::vector<std::size_t>& indices) const {
    std::vector<double> values;
    for (const std::size_t i : indices) values.push_back(scores.values[i]);
    return values;
  }
};

Pairs pairs_of(const MethodScores& method, const MethodScores& baseline) {
  Pairs pairs;
  for (std::size_t i = 0; i < method.seeds.size(); ++i) {
    const auto found = std::find(baseline.seeds.begin(), baseline.seeds.end(), method.seeds[i]);
    if (found == baseline.seeds.end()) continue;
    pairs.ours.push_back(i);
    pairs.theirs.push_back(static_cast<std::size_t>(found - baseline.seeds.begin()));
  }
  return pairs;
}

std::vector<double> differences(const std::vector<double>& ours, const std::vector<double>& theirs) {
  std::vector<double> result;
  for (std::size_t i = 0; i < ours.size(); ++i) result.push_back(ours[i] - theirs[i]);
  return result;
}

std::size_t wins_among(const std::vector<double>& differences, bool higher_is_better) {
  return static_cast<std::size_t>(std::count_if(differences.begin(), differences.end(), [&](double difference) {
    return higher_is_better ? difference > 0 : difference < 0;
  }));
}

/// NaN where a baseline is too near zero to divide by.
double delta_p(const MethodScores& method, const MethodScores& baseline, const Pairs& pairs,
               const std::vector<ComparedTask>& tasks) {
  std::vector<std::vector<ScorePair>> scores;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (std::isnan(method.per_task[t].spread.mean)) continue;
    const double ours = mean_of(pairs.of(method.per_task[t], pairs.ours));
    const double base = mean_of(pairs.of(baseline.per_task[t], pairs.theirs));
    // An error has no scale that is known: only 0 itself is no denominator.
    if (std::abs(base) < (tasks[t].higher_is_better ? kNearZero : std::numeric_limits<double>::min())) return kNan;
    scores.push_back({{ours, base, tasks[t].higher_is_better}});
  }
  return relative_gain_percent(scores);
}

std::optional<BaselineDifference> difference_to(const MethodScores& method, const MethodScores& baseline,
                                                const std::vector<ComparedTask>& tasks) {
  const Pairs pairs = pairs_of(method, baseline);
  if (pairs.ours.empty()) return std::nullopt;
  BaselineDifference result;
  result.paired_seeds = pairs.ours.size();
  const std::vector<double> ours = pairs.of(method.average, pairs.ours);
  const std::vector<double> theirs = pairs.of(baseline.average, pairs.theirs);
  const std::vector<double> of_averages = differences(ours, theirs);
  const Spread spread = spread_of(of_averages);
  result.difference = spread.mean;
  result.deviation = spread.deviation;
  result.half_width_95 = spread.half_width_95;
  result.wins = wins_among(of_averages, std::any_of(tasks.begin(), tasks.end(),
                                                    [](const ComparedTask& task) { return task.higher_is_better; }));
  const bool tested = result.paired_seeds >= kFewestPairs && !std::isnan(result.difference);
  result.p = tested ? paired_difference(ours, theirs).p_value : kNan;
  result.p_holm = kNan;
  result.delta_p_percent = delta_p(method, baseline, pairs, tasks);
  const auto seed_differences = [&](const SeedScores& mine, const SeedScores& base, bool rises) -> TaskDifference {
    const std::vector<double> of_seeds = differences(pairs.of(mine, pairs.ours), pairs.of(base, pairs.theirs));
    const Spread of_task = spread_of(of_seeds);
    return {of_task.mean, of_task.half_width_95, wins_among(of_seeds, rises)};
  };
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    result.per_task.push_back(seed_differences(method.per_task[t], baseline.per_task[t], tasks[t].higher_is_better));
  }
  for (std::size_t j = 0; j < method.joint.size(); ++j) {
    result.joint.push_back(seed_differences(method.joint[j], baseline.joint[j], true));
  }
  return result;
}

std::optional<DetectableDifference> detectable_difference(const std::vector<MethodScores>& methods) {
  DetectableDifference result;
  double squares = 0;
  int tests = 0;
  for (const MethodScores& method : methods) {
    if (!method.against_baseline || std::isnan(method.against_baseline->deviation)) continue;  // one pair has none
    const std::size_t pairs = method.against_baseline->paired_seeds;
    result.pairs = tests == 0 ? pairs : std::min(result.pairs, pairs);
    squares += method.against_baseline->deviation * method.against_baseline->deviation;
    ++tests;
  }
  if (tests == 0) return std::nullopt;
  result.deviation = std::sqrt(squares / tests);
  result.difference = detectable_effect(result.pairs, kPower) * result.deviation;
  return result;
}

}  // namespace

void Comparison::compute() {
  tasks.clear();
  left_out_tasks.clear();
  visit_runs(tables, [&](const Results& run) {
    for (const auto& [name, result] : run.tasks) {
      const bool known =
          std::any_of(tasks.begin(), tasks.end(), [&, wanted = name](const auto& task) { return task.name == wanted; });
      if (!known) tasks.push_back({name, result.metric, result.higher_is_better});
    }
  });
  // Tables may be of other tasks each (an axis over data.tasks); within one, every run must have a task that it shows.
  std::set<std::string> lacking;
  for (const ComparedTask& task : tasks) {
    bool anywhere = false;
    for (const ComparisonTable& table : tables) {
      std::size_t with = 0, without = 0;
      visit_runs(table, [&](const Results& run) { ++(std::isnan(run.score_of(task.name, split)) ? without : with); });
      if (with > 0 && without > 0) lacking.insert(task.name);
      anywhere = anywhere || with > 0;
    }
    if (!anywhere) lacking.insert(task.name);
  }
  for (const ComparedTask& task : tasks) {
    if (lacking.contains(task.name)) left_out_tasks.push_back(task.name);
  }
  std::erase_if(tasks, [&](const ComparedTask& task) { return lacking.contains(task.name); });

  std::set<std::string> labelled_together;
  visit_runs(tables, [&](const Results& run) {
    for (const auto& [names, scores] : run.joint) {
      if (!std::isnan(run.joint_of(names, split))) labelled_together.insert(names);
    }
  });
  joint.assign(labelled_together.begin(), labelled_together.end());

  std::vector<BaselineDifference*> tested;
  std::vector<double> p;
  for (ComparisonTable& table : tables) {
    table.scores.clear();
    for (const auto& runs : table.runs) table.scores.push_back(scores_of(runs, *this));
    for (std::size_t m = 0; m < table.scores.size(); ++m) {
      const auto baseline_of_m = std::find_if(methods.begin(), methods.end(), [&](const ComparedMethod& other) {
        return other.key == methods[m].baseline;
      });
      const auto b = static_cast<std::size_t>(baseline_of_m - methods.begin());
      if (b == m || b >= table.scores.size()) continue;
      table.scores[m].against_baseline = difference_to(table.scores[m], table.scores[b], tasks);
    }
    for (MethodScores& method : table.scores) {
      if (!method.against_baseline) continue;
      tested.push_back(&*method.against_baseline);
      p.push_back(method.against_baseline->p);
    }
    table.power = detectable_difference(table.scores);
  }
  const std::vector<double> adjusted = holm_adjusted(p);
  for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->p_holm = adjusted[i];
}

}  // namespace infomtl
