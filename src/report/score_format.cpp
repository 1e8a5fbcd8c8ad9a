#include "report/score_format.h"

#include <algorithm>
#include <cmath>

#include "infomtl/core/counted.h"
#include "infomtl/runs/text_table.h"
#include "report/axis.h"

namespace infomtl::report {
namespace {

/// What stands under a name; null where nothing does.
template <class Value>
const Value* named(const std::map<std::string, Value>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

std::string of_pairs(double wins, double pairs) {
  return std::isnan(wins) ? "-" : count_text(wins) + (std::isnan(pairs) ? "" : " of " + count_text(pairs));
}

std::string task_head(const ScoredTask& task) {
  std::string text = task.name;
  std::string unit = task.metric;
  if (!task.higher_is_better) unit += unit.empty() ? "lower is better" : ", lower is better";
  if (task.higher_is_better) unit += unit.empty() ? "%" : ", %";
  return unit.empty() ? text : text + " (" + unit + ")";
}

/// A column of the budget and what it says of a method.
struct BudgetColumn {
  std::string head;
  std::vector<std::string> cells;
  bool any = false;

  void add(double value, const std::string& text) {
    any = any || !std::isnan(value);
    cells.push_back(text);
  }
};

}  // namespace

std::string score_unit(bool higher_is_better) { return higher_is_better ? "%" : ""; }
double score_scale(bool higher_is_better) { return higher_is_better ? 100 : 1; }

std::string interval_text(double mean, double half_width, bool higher_is_better) {
  if (!std::isfinite(mean)) return "-";
  if (!std::isfinite(half_width)) return score_text(mean, higher_is_better);
  return score_text(mean, higher_is_better) + " ± " + score_text(half_width, higher_is_better);
}

std::string difference_text(double difference, double half_width, bool higher_is_better) {
  return (difference >= 0 && std::isfinite(difference) ? "+" : "") +
         interval_text(difference, half_width, higher_is_better);
}

std::string p_text(double p) {
  if (!std::isfinite(p)) return "-";
  return p < 0.001 ? "< 0.001" : fixed(p, 3);
}

std::string count_text(double count) {
  if (!std::isfinite(count)) return "-";
  if (std::abs(count) >= 1e15) return fixed(count, 0);
  std::string digits = fixed(std::round(count), 0);
  for (std::size_t i = digits.size(); i > (digits.starts_with('-') ? 4 : 3);) {
    i -= 3;
    digits.insert(i, " ");
  }
  return digits;
}

std::string share_text(double share) { return std::isfinite(share) ? fixed(100 * share, 1) + " %" : "-"; }

PlainTable score_table(const ComparisonRecord& scores) {
  PlainTable table;
  if (scores.cells.empty()) return table;
  table.caption =
      "Scores on the " + scores.split +
      " split: mean over the seeds ± half of the 95 % interval of the mean; scores that rise with quality in "
      "percent";
  table.head = {"method"};
  for (const ScoredTask& task : scores.tasks) table.head.push_back(task_head(task));
  table.head.push_back(scores.all_rise() ? "average (%)" : "average");
  for (const std::string& names : scores.joint) table.head.push_back(names + " (sentence accuracy, %)");
  table.head.emplace_back("seeds");
  for (const MethodScores& method : scores.cells.front().methods) {
    std::vector<std::string> row = {method.name};
    for (const ScoredTask& task : scores.tasks) {
      const auto found = method.per_task.find(task.name);
      row.push_back(
          found == method.per_task.end()
              ? "-"
              : interval_text(found->second.spread.mean, found->second.spread.half_width_95, task.higher_is_better));
    }
    row.push_back(interval_text(method.average.spread.mean, method.average.spread.half_width_95, scores.all_rise()));
    for (const std::string& names : scores.joint) {
      const SeedScores* own = named(method.joint, names);
      row.push_back(own == nullptr ? "-" : interval_text(own->spread.mean, own->spread.half_width_95, true));
    }
    row.push_back(joined(method.seeds));
    table.rows.push_back(std::move(row));
  }
  return table;
}

PlainTable effect_table(const ComparisonRecord& scores) {
  PlainTable table;
  if (scores.cells.empty()) return table;
  const std::vector<MethodScores>& methods = scores.cells.front().methods;
  const auto has_another = [&](const MethodScores& method) {
    return method.effect && !method.baseline.empty() && method.baseline != scores.baseline;
  };
  const bool several = std::any_of(methods.begin(), methods.end(), has_another);  // baselines
  table.caption = "Difference against " + (several ? "the baseline" : scores.baseline) + " on the " + scores.split +
                  " split, paired by seed, ± half of its 95 % interval; points are percentage points";
  table.head = {"method"};
  if (several) table.head.emplace_back("baseline");
  table.head.emplace_back(scores.all_rise() ? "average (points)" : "average");
  table.head.insert(table.head.end(), {"p", "p, Holm", "wins", "delta_p (%)"});
  for (const ScoredTask& task : scores.tasks) {
    table.head.push_back(task.name + (task.higher_is_better ? " (points)" : " (lower is better)"));
  }
  for (const std::string& names : scores.joint) table.head.push_back(names + " (sentence accuracy, points)");
  for (const MethodScores& method : methods) {
    if (!method.effect) continue;
    const Effect& effect = *method.effect;
    const double gain = effect.relative_gain;
    std::vector<std::string> row = {method.name};
    if (several) row.push_back(method.baseline.empty() ? scores.baseline : method.baseline);
    row.push_back(difference_text(effect.difference, effect.half_width, scores.all_rise()));
    row.insert(row.end(), {p_text(effect.p), p_text(effect.p_holm), of_pairs(effect.wins, effect.paired_seeds),
                           (gain >= 0 ? "+" : "") + fixed(gain, 2)});
    for (const ScoredTask& task : scores.tasks) {
      const TaskEffect* own = named(effect.per_task, task.name);
      row.push_back(own == nullptr ? "-" : difference_text(own->difference, own->half_width, task.higher_is_better));
    }
    for (const std::string& names : scores.joint) {
      const TaskEffect* own = named(effect.joint, names);
      row.push_back(own == nullptr ? "-" : difference_text(own->difference, own->half_width, true));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

PlainTable budget_table(const ComparisonRecord& scores) {
  PlainTable table;
  if (scores.cells.empty()) return table;
  table.caption = "What a run of each method cost, mean over its runs; passes are over the training rows of a task";
  const std::vector<MethodScores>& methods = scores.cells.front().methods;
  std::vector<BudgetColumn> columns = {
      {"steps", {}}, {"examples", {}}, {"encoded sequences", {}}, {"seconds", {}}, {"clipped steps", {}}};
  std::vector<std::string> tasks;
  for (const MethodScores& method : methods) {
    for (const auto& [task, passes] : method.budget.passes) {
      if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) tasks.push_back(task);
    }
  }
  for (const std::string& task : tasks) columns.push_back({"passes, " + task, {}});
  for (const MethodScores& method : methods) {
    const Budget& budget = method.budget;
    columns[0].add(budget.steps, count_text(budget.steps));
    columns[1].add(budget.examples, count_text(budget.examples));
    columns[2].add(budget.encoded_sequences, count_text(budget.encoded_sequences));
    columns[3].add(budget.seconds, budget.seconds < 100 ? fixed(budget.seconds, 1) : count_text(budget.seconds));
    columns[4].add(budget.clipped_share, share_text(budget.clipped_share));
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const auto found = budget.passes.find(tasks[i]);
      const double passes = found == budget.passes.end() ? kMissing : found->second;
      columns[5 + i].add(passes, short_number(passes));
    }
  }
  std::erase_if(columns, [](const BudgetColumn& column) { return !column.any; });
  if (columns.empty()) return table;
  table.head = {"method"};
  for (const BudgetColumn& column : columns) table.head.push_back(column.head);
  for (std::size_t m = 0; m < methods.size(); ++m) {
    std::vector<std::string> row = {methods[m].name};
    for (const BudgetColumn& column : columns) row.push_back(column.cells[m]);
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string power_text(const ComparisonRecord& scores) {
  if (scores.cells.empty() || !scores.cells.front().power) return "";
  const Power& power = *scores.cells.front().power;
  if (!std::isfinite(power.detectable_difference)) return "";
  const bool rises = scores.all_rise();
  std::string text = "With " + count_text(power.pairs) + " pairs of runs";
  if (std::isfinite(power.deviation)) {
    text += ", whose differences deviate by " + score_text(power.deviation, rises) + (rises ? " points" : "");
  }
  return text + ", one paired t-test at 5 % finds a difference of the averages of " +
         score_text(power.detectable_difference, rises) + (rises ? " points" : "") +
         " four times out of five; smaller ones are likely to go unnoticed.";
}

}  // namespace infomtl::report
