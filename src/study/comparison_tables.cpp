// The tables of a comparison.

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/runs/text_table.h"
#include "infomtl/study/comparison.h"
#include "study/comparison_csv.h"
#include "study/report_table.h"

namespace infomtl {
namespace {

/// A number in front of which its sign stands, for differences.
std::string signed_number(double value, const std::string& text) { return (value >= 0 ? "+" : "") + text; }

std::string with_interval(const std::string& mean, double half_width, bool rises) {
  return mean + " +- " + score_text(half_width, rises);
}
std::string spread_cell(const Spread& spread, bool rises) {
  return std::isnan(spread.mean) ? "-" : with_interval(score_text(spread.mean, rises), spread.half_width_95, rises);
}
std::string difference_cell(double difference, double half_width, bool rises) {
  if (std::isnan(difference)) return "-";
  return with_interval(signed_number(difference, score_text(difference, rises)), half_width, rises);
}

std::string axes_text(const ComparisonTable& table) {
  std::vector<std::string> texts;
  for (const auto& [field, value] : table.axes) {
    texts.push_back(field + " = " + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return joined(texts);
}

/// Writes the tables of one place of the axes.
class Writer {
 public:
  Writer(const Comparison& comparison, const ComparisonTable& table) : all_(comparison), table_(table) {
    for (std::size_t m = 0; m < table_.scores.size(); ++m) {
      if (!table_.scores[m].seeds.empty()) rows_.push_back(m);
    }
    for (std::size_t t = 0; t < all_.tasks.size(); ++t) {
      const bool has = std::any_of(rows_.begin(), rows_.end(), [&](std::size_t m) {
        return !std::isnan(table_.scores[m].per_task[t].spread.mean);
      });
      if (has) tasks_.push_back(t);
    }
    all_rise_ =
        std::all_of(tasks_.begin(), tasks_.end(), [&](std::size_t t) { return all_.tasks[t].higher_is_better; });
    for (const std::size_t m : rows_) tested_ = tested_ || table_.scores[m].against_baseline.has_value();
  }

  std::vector<ReportTable> tables() const {
    if (rows_.empty()) return {};
    std::vector<ReportTable> result = {scores()};
    if (tested_) result.push_back(differences());
    if (const ReportTable table = representations(); !table.rows.empty()) result.push_back(table);
    result.push_back(budgets());
    return result;
  }

 private:
  const std::string& name(std::size_t m) const { return all_.methods[m].name; }
  const std::string& name_of(const std::string& key) const {
    return std::find_if(all_.methods.begin(), all_.methods.end(), [&](const auto& m) { return m.key == key; })->name;
  }
  std::string title(const std::string& what) const {
    const std::string axes = axes_text(table_);
    return what + ", " + all_.split + " split" + (axes.empty() ? "" : ", " + axes);
  }

  ReportTable scores() const {
    ReportTable table{.title = title("Scores"), .head = {"method", "seeds"}};
    for (const std::size_t t : tasks_) table.head.push_back(all_.tasks[t].name);
    table.head.insert(table.head.end(), {"average", "difference", "p", "delta_p %"});
    table.head.insert(table.head.end(), all_.joint.begin(), all_.joint.end());
    for (const std::size_t m : rows_) {
      const MethodScores& method = table_.scores[m];
      std::vector<std::string> row = {name(m), std::to_string(method.seeds.size())};
      for (const std::size_t t : tasks_) {
        row.push_back(spread_cell(method.per_task[t].spread, all_.tasks[t].higher_is_better));
      }
      row.push_back(spread_cell(method.average.spread, all_rise_));
      if (method.against_baseline) {
        const BaselineDifference& against = *method.against_baseline;
        row.push_back(difference_cell(against.difference, against.half_width_95, all_rise_));
        row.push_back(fixed(against.p_holm, 3));
        const double gain = against.delta_p_percent;
        row.push_back(std::isnan(gain) ? "-" : signed_number(gain, fixed(gain, 2)));
      } else {
        row.insert(row.end(), {"-", "-", "-"});
      }
      for (const SeedScores& joint : method.joint) row.push_back(spread_cell(joint.spread, true));
      table.rows.push_back(std::move(row));
    }
    table.notes = score_notes();
    return table;
  }

  std::vector<std::string> score_notes() const {
    std::vector<std::string> notes = {
        "Cells: mean over seeds +- half width of its 95 % interval (Student's t), scores in percent where higher is "
        "better; a - stands for what one seed can't tell"};
    if (!all_.left_out_tasks.empty()) {
      notes.push_back("Left out of tables and averages, because some run has no " + all_.split +
                      " score of them: " + joined(all_.left_out_tasks));
    }
    if (!all_.diverged.empty()) notes.push_back("Left out, because training diverged: " + joined(all_.diverged, "; "));
    if (!all_rise_ &&
        std::any_of(tasks_.begin(), tasks_.end(), [&](std::size_t t) { return all_.tasks[t].higher_is_better; })) {
      notes.emplace_back("No averages: higher scores are better in some of these tasks, lower ones in others");
    }
    if (!all_.joint.empty()) {
      notes.push_back(
          joined(all_.joint) +
          ": sentence accuracy, the share of texts on which these tasks are all right; no part of averages");
    }
    if (!tested_) return notes;
    notes.push_back("Difference: of averages, " + baselines_text() + " over the seeds of both, with its 95 % interval");
    notes.push_back(tests_text());
    bool refused = false;
    for (const std::size_t m : rows_) {
      const auto& against = table_.scores[m].against_baseline;
      refused = refused || (against && std::isnan(against->delta_p_percent));
    }
    notes.push_back(std::string("delta_p: mean relative gain over the baseline") +
                    (refused ? "; not given where a task's baseline is near zero (below 0.01)" : ""));
    if (table_.power) {
      notes.push_back("With " + std::to_string(table_.power->pairs) +
                      " pairs and the deviation seen, this table can see differences of " +
                      score_text(table_.power->difference, all_rise_) + (all_rise_ ? " points" : "") +
                      " with 80 % power (one test at 5 %, deviation of the differences " +
                      score_text(table_.power->deviation, all_rise_) + ")");
    }
    return notes;
  }

  /// "paired with EW", or with each baseline where there are several.
  std::string baselines_text() const {
    std::map<std::string, std::vector<std::string>> compared;  // baseline -> methods
    for (const std::size_t m : rows_) {
      if (table_.scores[m].against_baseline) compared[all_.methods[m].baseline].push_back(name(m));
    }
    if (compared.size() == 1) return "paired with " + name_of(compared.begin()->first);
    std::vector<std::string> texts;
    for (const auto& [baseline, methods] : compared) texts.push_back(name_of(baseline) + ": " + joined(methods));
    return "paired with the method's baseline (" + joined(texts, "; ") + ")";
  }

  std::string tests_text() const {
    std::size_t tests = 0;
    for (const ComparisonTable& table : all_.tables) {
      for (const MethodScores& method : table.scores) {
        tests += method.against_baseline && !std::isnan(method.against_baseline->p) ? 1 : 0;
      }
    }
    if (tests == 0) return "p: not given below 4 pairs";
    return "p: two-sided paired t-test of the averages, adjusted by Holm's method over the " + std::to_string(tests) +
           (tests == 1 ? " test" : " tests") + " of this comparison; not given below 4 pairs";
  }

  ReportTable differences() const {
    ReportTable table{.title = title("Differences to the baseline"), .head = {"method", "pairs"}};
    for (const std::size_t t : tasks_) table.head.push_back(all_.tasks[t].name);
    table.head.emplace_back("average");
    table.head.insert(table.head.end(), all_.joint.begin(), all_.joint.end());
    for (const std::size_t m : rows_) {
      const auto& against = table_.scores[m].against_baseline;
      if (!against) continue;
      const auto cell = [&](double difference, double half_width, std::size_t wins, bool rises) {
        const std::string text = difference_cell(difference, half_width, rises);
        return std::isnan(difference) ? text : text + " (" + std::to_string(wins) + ")";
      };
      std::vector<std::string> row = {name(m), std::to_string(against->paired_seeds)};
      for (const std::size_t t : tasks_) {
        const TaskDifference& task = against->per_task[t];
        row.push_back(cell(task.difference, task.half_width_95, task.wins, all_.tasks[t].higher_is_better));
      }
      row.push_back(cell(against->difference, against->half_width_95, against->wins, all_rise_));
      for (const TaskDifference& joint : against->joint) {
        row.push_back(cell(joint.difference, joint.half_width_95, joint.wins, true));
      }
      table.rows.push_back(std::move(row));
    }
    table.notes = {
        "Cells: mean paired difference +- half width of its 95 % interval, in brackets the seeds in which the method "
        "is "
        "better"};
    return table;
  }

  /// Without rows where no run says anything of it.
  ReportTable representations() const {
    ReportTable table{.title = title("Representations"),
                      .head = {"method", "uniformity", "mean cosine", "adjusted Rand index"}};
    bool any = false;
    for (const std::size_t m : rows_) {
      const MethodScores& method = table_.scores[m];
      std::vector<std::string> row = {name(m)};
      for (const SeedScores* each : {&method.uniformity, &method.mean_cosine, &method.rand_index}) {
        const Spread& spread = each->spread;
        any = any || !std::isnan(spread.mean);
        row.push_back(std::isnan(spread.mean) ? "-" : fixed(spread.mean, 3) + " +- " + fixed(spread.half_width_95, 3));
      }
      table.rows.push_back(std::move(row));
    }
    if (!any) table.rows.clear();
    table.notes = {
        "Means over the tasks: uniformity (lower spreads more evenly) and cosine of the encoder's pooled outputs, "
        "k-means on "
        "the heads' outputs against the labels"};
    return table;
  }

  ReportTable budgets() const {
    ReportTable table{.title = title("Budgets"),
                      .head = {"method", "steps", "examples", "passes", "encoder passes", "seconds", "clipped %"}};
    for (const std::size_t m : rows_) {
      const Budget& budget = table_.scores[m].budget;
      table.rows.push_back({name(m), fixed(budget.steps, 0), fixed(budget.examples, 0), passes_text(budget),
                            fixed(budget.encoded_sequences, 0), fixed(budget.seconds, 1),
                            fixed(100 * budget.clipped_share, 1)});
    }
    table.notes = {
        "Means over seeds, of a whole run: optimiser steps, examples trained on, passes over a task's training rows "
        "(least to most of the tasks), sequences that passed the encoder, seconds of training, steps whose gradient "
        "was "
        "clipped; one model per task: their sum"};
    return table;
  }

  static std::string passes_text(const Budget& budget) {
    if (budget.passes.empty()) return "-";
    const auto [least, most] = std::minmax_element(budget.passes.begin(), budget.passes.end(),
                                                   [](const auto& a, const auto& b) { return a.second < b.second; });
    const std::string low = fixed(least->second, 1), high = fixed(most->second, 1);
    return low == high ? low : low + " to " + high;
  }

  const Comparison& all_;
  const ComparisonTable& table_;
  bool all_rise_ = true, tested_ = false;
  std::vector<std::size_t> rows_;   ///< methods that have runs
  std::vector<std::size_t> tasks_;  ///< that the table has
};

/// Places of the axes x methods: the averages.
ReportTable overview(const Comparison& comparison) {
  ReportTable table{.title = "Averages, " + comparison.split + " split"};
  for (const auto& [field, value] : comparison.tables.front().axes) table.head.push_back(field);
  table.words = table.head.size();
  for (const ComparedMethod& method : comparison.methods) table.head.push_back(method.name);
  const bool rises = std::all_of(comparison.tasks.begin(), comparison.tasks.end(),
                                 [](const ComparedTask& task) { return task.higher_is_better; });
  for (const ComparisonTable& place : comparison.tables) {
    std::vector<std::string> row;
    for (const auto& [field, value] : place.axes) {
      row.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
    for (const MethodScores& method : place.scores) row.push_back(spread_cell(method.average.spread, rises));
    table.rows.push_back(std::move(row));
  }
  table.notes = {"Cells: mean over seeds +- half width of its 95 % interval (Student's t)"};
  return table;
}

std::string formatted(const std::vector<ReportTable>& tables, std::string_view format,
                      std::size_t width = std::string::npos) {
  if (tables.empty()) return format == "latex" ? "% no runs\n" : "no runs\n";
  return format == "markdown" ? markdown_of(tables) : format == "latex" ? latex_of(tables) : text_of(tables, width);
}

void check_format(std::string_view format) {
  const std::vector<std::string> known = {"text", "markdown", "latex", "csv"};
  if (std::find(known.begin(), known.end(), format) != known.end()) return;
  throw UserError("unknown table format \"" + std::string(format) + "\"" + did_you_mean(format, known));
}

}  // namespace

std::string Comparison::table(std::string_view format, const ComparisonTable& one) const {
  check_format(format);
  return format == "csv" ? comparison_csv(*this, {&one}) : formatted(Writer(*this, one).tables(), format);
}

std::string Comparison::table(std::string_view format, std::size_t width) const {
  check_format(format);
  if (format == "csv") {
    std::vector<const ComparisonTable*> all;
    for (const ComparisonTable& table : tables) all.push_back(&table);
    return comparison_csv(*this, all);
  }
  std::vector<ReportTable> parts;
  for (const ComparisonTable& table : tables) {
    const std::vector<ReportTable> of_table = Writer(*this, table).tables();
    parts.insert(parts.end(), of_table.begin(), of_table.end());
  }
  if (tables.size() > 1 && !parts.empty()) parts.insert(parts.begin(), overview(*this));
  return formatted(parts, format, width);
}

}  // namespace infomtl
