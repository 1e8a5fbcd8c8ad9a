#include "study/comparison_csv.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "infomtl/runs/text_table.h"
#include "study/report_table.h"

namespace infomtl {
namespace {

/// The shortest text that reads back as the number.
std::string number(double value) {
  if (std::isnan(value)) return "";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}
std::string number(std::size_t value) { return std::to_string(value); }

const std::vector<std::string> kColumns = {"method",
                                           "name",
                                           "task",
                                           "metric",
                                           "seeds",
                                           "mean",
                                           "deviation",
                                           "half_width_95",
                                           "baseline",
                                           "pairs",
                                           "difference",
                                           "difference_half_width_95",
                                           "wins",
                                           "p",
                                           "p_holm",
                                           "delta_p_percent",
                                           "steps",
                                           "examples",
                                           "encoded_sequences",
                                           "seconds",
                                           "clipped_share"};

/// What stands in the columns of a difference: of a task, or (with tests) of the average.
std::vector<std::string> difference_fields(const std::optional<BaselineDifference>& against,
                                           const TaskDifference* task) {
  if (!against) return std::vector<std::string>(7);
  std::vector<std::string> fields = {number(against->paired_seeds)};
  if (task != nullptr) {
    fields.insert(fields.end(),
                  {number(task->difference), number(task->half_width_95), number(task->wins), "", "", ""});
  } else {
    fields.insert(fields.end(), {number(against->difference), number(against->half_width_95), number(against->wins),
                                 number(against->p), number(against->p_holm), number(against->delta_p_percent)});
  }
  return fields;
}

}  // namespace

std::string comparison_csv(const Comparison& comparison, const std::vector<const ComparisonTable*>& tables) {
  std::vector<std::string> head;
  if (!tables.empty()) {
    for (const auto& [field, value] : tables.front()->axes) head.push_back(field);
  }
  head.insert(head.end(), kColumns.begin(), kColumns.end());
  std::string text = csv_line(head);
  for (const ComparisonTable* table : tables) {
    for (std::size_t m = 0; m < table->scores.size(); ++m) {
      const ComparedMethod& method = comparison.methods[m];
      const MethodScores& scores = table->scores[m];
      if (scores.seeds.empty()) continue;
      const auto add = [&](const std::string& task, const std::string& metric, const SeedScores& of_seeds,
                           const TaskDifference* difference) {
        std::vector<std::string> row;
        for (const auto& [field, value] : table->axes) {
          row.push_back(value.is_string() ? value.get<std::string>() : value.dump());
        }
        row.insert(row.end(), {method.key, method.name, task, metric, number(scores.seeds.size()),
                               number(of_seeds.spread.mean), number(of_seeds.spread.deviation),
                               number(of_seeds.spread.half_width_95), scores.against_baseline ? method.baseline : ""});
        const std::vector<std::string> against = difference_fields(scores.against_baseline, difference);
        row.insert(row.end(), against.begin(), against.end());
        const Budget& budget = scores.budget;
        for (const double value :
             {budget.steps, budget.examples, budget.encoded_sequences, budget.seconds, budget.clipped_share}) {
          row.push_back(number(value));
        }
        text += csv_line(row);
      };
      for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
        if (std::isnan(scores.per_task[t].spread.mean)) continue;  // a task of other tables
        add(comparison.tasks[t].name, comparison.tasks[t].metric, scores.per_task[t],
            scores.against_baseline ? &scores.against_baseline->per_task[t] : nullptr);
      }
      add("average", "", scores.average, nullptr);
      for (const auto& [metric, of_seeds] :
           {std::pair("uniformity", &scores.uniformity), std::pair("mean_cosine", &scores.mean_cosine),
            std::pair("adjusted_rand_index", &scores.rand_index)}) {
        if (!std::isnan(of_seeds->spread.mean)) add("representation", metric, *of_seeds, nullptr);
      }
      for (std::size_t j = 0; j < comparison.joint.size(); ++j) {
        add(comparison.joint[j], "sentence_accuracy", scores.joint[j],
            scores.against_baseline ? &scores.against_baseline->joint[j] : nullptr);
      }
    }
  }
  return text;
}

}  // namespace infomtl
