#include "report/learned_tables.h"

#include <algorithm>
#include <map>
#include <utility>

#include "infomtl/core/utf8.h"
#include "infomtl/metrics/statistics.h"
#include "infomtl/runs/text_table.h"
#include "report/curve.h"

namespace infomtl::report {
namespace {

constexpr std::size_t kLongestTerm = 120;

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

}  // namespace

std::vector<TaskPairTable> learned_tables(const ReportPart& part) {
  std::vector<TaskPairTable> tables;
  for (const MethodRuns& method : part.methods) {
    const std::vector<std::string> names = tasks_of(method);
    if (const TaskMatrix matrix = similarity_of(method, names); !matrix.empty()) {
      const auto means = matrix.means();
      tables.push_back({method.name + ": how alike its architecture learned the tasks to be, mean over seeds", names,
                        means, largest_size(means)});
    }
    for (const auto& [term, matrix] : weights_of(method, names)) {
      if (matrix.empty()) continue;
      tables.push_back({method.name + ": how much a task (row) takes from each other one, by the loss \"" +
                            shortened_to(printable(term), kLongestTerm) + "\", mean over seeds",
                        names, matrix.means()});
    }
  }
  return tables;
}

std::vector<TaskPairTable> cosine_tables(const ReportPart& part) {
  std::vector<TaskPairTable> tables;
  for (const MethodRuns& method : part.methods) {
    const std::vector<std::string> names = tasks_of(method);
    const TaskMatrix matrix = cosines_of(method, names.size());
    if (matrix.empty()) continue;
    tables.push_back({method.name + ": cosine of the gradients of two tasks, mean over the log and the seeds", names,
                      matrix.means()});
  }
  return tables;
}

PlainTable plain_table(const TaskPairTable& table) {
  PlainTable plain;
  plain.caption = table.caption;
  plain.head = {"task"};
  plain.head.insert(plain.head.end(), table.tasks.begin(), table.tasks.end());
  for (std::size_t row = 0; row < table.values.size(); ++row) {
    std::vector<std::string> cells = {table.tasks[row]};
    for (const double value : table.values[row]) cells.push_back(fixed(value, 2));
    plain.rows.push_back(std::move(cells));
  }
  return plain;
}

PlainTable loss_weight_table(const ReportPart& part) {
  std::vector<std::string> tasks;
  std::vector<std::pair<std::string, std::map<std::string, std::vector<double>>>> found;  // method -> task -> weights
  for (const MethodRuns& method : part.methods) {
    std::map<std::string, std::vector<double>> weights;
    for (const std::string& task : tasks_of(method)) {
      for (const RunRecord& run : method.runs) {
        if (!run.results || !run.results->loss_weights.is_object()) continue;
        const auto own = run.results->loss_weights.find(task);
        if (own == run.results->loss_weights.end() || !own->is_number()) continue;
        weights[task].push_back(own->get<double>());
        if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) tasks.push_back(task);
      }
    }
    if (!weights.empty()) found.emplace_back(method.name, std::move(weights));
  }
  PlainTable plain;
  plain.caption = "Weights of the losses that the weighting found before the first step, mean over seeds";
  plain.head = {"method"};
  plain.head.insert(plain.head.end(), tasks.begin(), tasks.end());
  for (const auto& [method, weights] : found) {
    std::vector<std::string> row = {method};
    for (const std::string& task : tasks) {
      const auto own = weights.find(task);
      row.push_back(own == weights.end() ? "-" : fixed(spread_of(own->second).mean, 3));
    }
    plain.rows.push_back(std::move(row));
  }
  return plain;
}

}  // namespace infomtl::report
