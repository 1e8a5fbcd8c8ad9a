#include <algorithm>
#include <cmath>
#include <map>

#include "infomtl/core/svg.h"
#include "infomtl/core/utf8.h"
#include "infomtl/runs/text_table.h"
#include "report/config_differences.h"
#include "report/html.h"
#include "report/matrix_table.h"
#include "report/part_curves.h"
#include "report/score_format.h"
#include "report/sections.h"

namespace infomtl::report {
namespace {

constexpr std::size_t kLongestValue = 120;

/// Task x task numbers of a method: sums and counts, so that means over seeds and records come out.
class TaskMatrix {
 public:
  explicit TaskMatrix(std::size_t tasks) : sums_(tasks, std::vector<double>(tasks)), counts_(sums_) {}

  void add(std::size_t row, std::size_t column, double value) {
    if (row >= sums_.size() || column >= sums_.size() || !is_drawable(value)) return;
    sums_[row][column] += value;
    counts_[row][column] += 1;
    any_ = true;
  }
  bool empty() const { return !any_; }
  std::vector<std::vector<double>> means() const {
    std::vector<std::vector<double>> means = sums_;
    for (std::size_t i = 0; i < means.size(); ++i) {
      for (std::size_t j = 0; j < means.size(); ++j) {
        means[i][j] = counts_[i][j] > 0 ? sums_[i][j] / counts_[i][j] : kMissing;
      }
    }
    return means;
  }

 private:
  std::vector<std::vector<double>> sums_, counts_;
  bool any_ = false;
};

std::size_t place_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

/// The tasks of a method's runs in the order of the experiment, as a finished run has them.
std::vector<std::string> tasks_of(const MethodRuns& method) {
  std::vector<std::string> names;
  for (const RunRecord& run : method.runs) {
    if (!run.results) continue;
    for (const auto& [name, result] : run.results->tasks) names.push_back(name);
    break;
  }
  return names;
}

/// Adds what results say as task -> task -> number; anything else in it is passed over.
void add_numbers(TaskMatrix& matrix, const Json& rows, const std::vector<std::string>& names) {
  if (!rows.is_object()) return;
  for (const auto& [row, columns] : rows.items()) {
    if (!columns.is_object()) continue;
    for (const auto& [column, value] : columns.items()) {
      if (value.is_number()) matrix.add(place_of(names, row), place_of(names, column), value.get<double>());
    }
  }
}

TaskMatrix similarity_of(const MethodRuns& method, const std::vector<std::string>& names) {
  TaskMatrix matrix(names.size());
  for (const RunRecord& run : method.runs) {
    if (run.results) add_numbers(matrix, run.results->task_similarity, names);
  }
  return matrix;
}

/// What each loss term learned of how much tasks take from each other.
std::map<std::string, TaskMatrix> weights_of(const MethodRuns& method, const std::vector<std::string>& names) {
  std::map<std::string, TaskMatrix> matrices;
  for (const RunRecord& run : method.runs) {
    if (!run.results || !run.results->task_weights.is_object()) continue;
    for (const auto& [term, rows] : run.results->task_weights.items()) {
      add_numbers(matrices.try_emplace(term, names.size()).first->second, rows, names);
    }
  }
  return matrices;
}

/// Means of "diagnostics/weighting/cosine/<i>/<j>" over the log.
TaskMatrix cosines_of(const MethodRuns& method, std::size_t tasks) {
  const std::string prefix = "diagnostics/weighting/cosine/";
  TaskMatrix matrix(tasks);
  for (std::size_t i = 0; i < tasks; ++i) {
    for (std::size_t j = i + 1; j < tasks; ++j) {
      for (const RunRecord& run : method.runs) {
        const auto found = run.series.find(prefix + std::to_string(i) + "/" + std::to_string(j));
        if (found == run.series.end()) continue;
        for (const double value : found->second.values) {
          matrix.add(i, j, value);
          matrix.add(j, i, value);
        }
      }
    }
  }
  return matrix;
}

double largest_of(const std::vector<std::vector<double>>& values) {
  double largest = 0;
  for (const auto& row : values) {
    for (const double value : row) {
      if (is_drawable(value)) largest = std::max(largest, std::abs(value));
    }
  }
  return largest;
}

double number_in(const Json& object, const char* key) {
  if (!object.is_object()) return kMissing;
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : kMissing;
}

std::string state_of(const RunRecord& run) {
  if (run.results) return "finished";
  std::string text = "unfinished, step " + std::to_string(run.steps);
  if (run.total_steps > 0) text += " of " + std::to_string(run.total_steps);
  return text;
}

/// Every metric of every split, a row per task, metric and method.
std::string all_metrics(const ReportPart& part) {
  std::map<std::string, std::map<std::string, std::map<std::string, std::map<std::string, std::vector<double>>>>>
      values;
  std::vector<std::string> splits;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      if (!run.results) continue;
      for (const auto& [task, result] : run.results->tasks) {
        for (const auto& [split, metrics] : result.all) {
          if (std::find(splits.begin(), splits.end(), split) == splits.end()) splits.push_back(split);
          for (const auto& [metric, value] : metrics) values[task][metric][method.name][split].push_back(value);
        }
      }
    }
  }
  std::vector<std::string> head = {"task", "metric", "method"};
  for (const std::string& split : splits) head.push_back(escaped(split));
  HtmlTable table("All metrics, mean over the finished runs, as they are (not in percent)", head);
  for (const auto& [task, metrics] : values) {
    for (const auto& [metric, methods] : metrics) {
      for (const auto& [method, of_splits] : methods) {
        std::vector<std::string> row = {html_name(task), html_name(metric), html_name(method)};
        for (const std::string& split : splits) {
          const auto found = of_splits.find(split);
          double sum = 0, count = 0;
          if (found != of_splits.end()) {
            for (const double value : found->second) {
              if (std::isfinite(value)) sum += value, count += 1;
            }
          }
          row.push_back(count > 0 ? fixed(sum / count, 4) : "-");
        }
        table.add(std::move(row));
      }
    }
  }
  if (table.empty()) return "";
  return "<details><summary>All metrics</summary>\n" + table.html(3) + "</details>\n";
}

}  // namespace

std::string similarity_section(const ReportPart& part, const SectionPlace& place) {
  std::string similarities, cosines;
  for (const MethodRuns& method : part.methods) {
    const std::vector<std::string> names = tasks_of(method);
    if (const TaskMatrix matrix = similarity_of(method, names); !matrix.empty()) {
      const auto means = matrix.means();
      similarities +=
          matrix_table_html(method.name + ": how alike its architecture learned the tasks to be, mean over seeds",
                            names, means, largest_of(means));
    }
    for (const auto& [term, matrix] : weights_of(method, names)) {
      if (matrix.empty()) continue;
      similarities +=
          matrix_table_html(method.name + ": how much a task (row) takes from each other one, by the loss \"" +
                                shortened_to(printable(term), kLongestValue) + "\", mean over seeds",
                            names, matrix.means(), 1);
    }
    if (const TaskMatrix matrix = cosines_of(method, names.size()); !matrix.empty()) {
      cosines +=
          matrix_table_html(method.name + ": cosine of the gradients of two tasks, mean over the log and the seeds",
                            names, matrix.means(), 1);
    }
  }
  if (similarities.empty() && cosines.empty()) return "";
  return html_section(
      place.id + "similarity", "How the tasks relate", place.level,
      html_paragraph("How to read it: a cell is a pair of tasks; orange is above zero (alike, or gradients "
                     "that agree), blue below (gradients in conflict).") +
          "<div class='matrices'>" + similarities + cosines + "</div>\n");
}

std::string settings_section(const ReportPart& part, const SectionPlace& place) {
  HtmlTable table(
      "Settings in which a method differs from the first or the baseline; seeds, names and descriptions left out",
      {"method", "setting", "its value", "reference"});
  for (const ConfigDifference& difference : config_differences(part)) {
    table.add({html_name(difference.method), "<code>" + html_name(difference.setting) + "</code>",
               "<code>" + html_name(shortened_to(printable(difference.value), kLongestValue)) + "</code>",
               "<code>" + html_name(shortened_to(printable(difference.reference), kLongestValue)) + "</code>"});
  }
  return html_section(place.id + "settings", "Differences of the configs", place.level, table.html(4));
}

std::string environment_section(const ReportPart& part, const SectionPlace& place) {
  std::vector<std::string> keys;
  std::map<std::string, std::map<std::string, int>> values;  // key -> value -> runs
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      if (!run.results || !run.results->environment.is_object()) continue;
      for (const auto& [key, value] : run.results->environment.items()) {
        if (!values.contains(key)) keys.push_back(key);
        ++values[key][value.is_string() ? value.get<std::string>() : value.dump()];
      }
    }
  }
  HtmlTable table("Where the finished runs were trained", {"", "value"});
  for (const std::string& key : keys) {
    std::string text;
    for (const auto& [value, runs] : values[key]) {
      text += (text.empty() ? "" : ", ") + value;
      if (values[key].size() > 1) text += " (" + std::to_string(runs) + (runs == 1 ? " run)" : " runs)");
    }
    table.add({html_name(key), html_name(text)});
  }
  return html_section(place.id + "environment", "Environment", place.level, table.html(2));
}

std::string runs_section(const ReportPart& part, const SectionPlace& place) {
  const bool rises = !part.scores.tasks.empty() && part.scores.all_rise();
  std::vector<std::string> splits;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      if (!run.results) continue;
      for (const auto& [split, score] : run.results->average) {
        if (std::find(splits.begin(), splits.end(), split) == splits.end()) splits.push_back(split);
      }
    }
  }
  std::vector<std::string> head = {"run",   "seed",    "state",        "best epoch",
                                   "steps", "seconds", "examples / s", "peak memory, MiB"};
  for (const std::string& split : splits) head.push_back("average, " + escaped(split) + (rises ? ", %" : ""));
  HtmlTable table("Runs", head);
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      const Json training = run.results ? run.results->training : Json::object();
      const double seconds = number_in(training, "seconds"), memory = number_in(training, "peak_memory_bytes");
      const bool selected = run.results && run.results->selected_epoch >= 0;
      std::vector<std::string> row = {
          html_name(run.name),
          run.seed ? std::to_string(*run.seed) : "-",
          state_of(run),
          selected ? std::to_string(run.results->selected_epoch + 1) : "-",
          count_text(run.results ? number_in(training, "steps") : static_cast<double>(run.steps)),
          fixed(seconds, 1),
          fixed(number_in(training, "examples_per_second"), 1),
          count_text(memory / (1024.0 * 1024.0))};
      for (const std::string& split : splits) {
        const auto found = run.results ? run.results->average.find(split) : std::map<std::string, double>::iterator{};
        row.push_back(run.results && found != run.results->average.end() ? score_text(found->second, rises) : "-");
      }
      table.add(std::move(row), run.results ? "" : "unfinished");
    }
  }
  if (table.empty()) return "";
  return html_section(place.id + "runs", "Runs", place.level, table.html(1) + all_metrics(part));
}

}  // namespace infomtl::report
