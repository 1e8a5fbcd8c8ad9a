#include "infomtl/analysis/influence_report.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "infomtl/core/counted.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/settings.h"
#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

Json influence_matrix(const torch::Tensor& matrix) {
  Json rows = Json::array();
  const auto values = matrix.accessor<double, 2>();
  for (std::int64_t i = 0; i < matrix.size(0); ++i) {
    Json row = Json::array();
    for (std::int64_t j = 0; j < matrix.size(1); ++j) row.push_back(number_or_null(values[i][j]));
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Three significant digits; zero has no sign.
std::string three_digits(double value) {
  if (std::isnan(value)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value + 0.0);
  return text;
}

/// A matrix of tasks by tasks under a heading.
std::string task_matrix(const std::string& heading, const std::vector<std::string>& tasks,
                        const torch::Tensor& matrix) {
  std::vector<std::string> head = {heading};
  head.insert(head.end(), tasks.begin(), tasks.end());
  TextTable table(head, 1);
  const auto values = matrix.accessor<double, 2>();
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    std::vector<std::string> row = {tasks[i]};
    for (std::size_t j = 0; j < tasks.size(); ++j) {
      row.push_back(three_digits(values[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)]));
    }
    table.add(std::move(row));
  }
  return table.text();
}

std::string worst_rows(const InfluenceResult& result, std::size_t worst) {
  std::vector<std::string> head = {"most harmful", "row"};
  head.insert(head.end(), result.tasks.begin(), result.tasks.end());
  TextTable table(head, 1);
  for (std::size_t l = 0; l < result.tasks.size(); ++l) {
    if (l > 0) table.rule();
    const torch::Tensor order = result.rows[l].mean(1).argsort(0, /*descending=*/true);
    const auto values = result.rows[l].accessor<double, 2>();
    for (std::size_t i = 0; i < std::min(worst, result.numbers[l].size()); ++i) {
      const auto place = order[static_cast<std::int64_t>(i)].item<std::int64_t>();
      std::vector<std::string> row = {result.tasks[l],
                                      std::to_string(result.numbers[l][static_cast<std::size_t>(place)])};
      for (std::int64_t k = 0; k < result.rows[l].size(1); ++k) row.push_back(three_digits(values[place][k]));
      table.add(std::move(row));
    }
  }
  return table.text();
}

/// "features 31.2 s, heads 12.0 s, inverse 1.3 s, rows 0.2 s, at most 812 MiB".
std::string influence_costs(const InfluenceReport& report) {
  std::string text;
  for (const auto& [stage, seconds] : report.result.seconds) text += stage + " " + fixed(seconds, 1) + " s, ";
  return text + "at most " + std::to_string(report.peak_memory_bytes >> 20) + " MiB";
}

/// "backend cg (asked for; relative residual 8.1e-07; kept from an earlier call)".
std::string backend_line(const InfluenceResult& result) {
  return "backend " + result.backend.name + " (" + result.backend.reason + "; relative residual " +
         three_digits(result.residual) + (result.kept ? "; kept from an earlier call)" : ")");
}

/// What the table of flipped labels does not show: tasks that are not in it, and those without a flipped row.
std::string mislabel_notes(const InfluenceReport& report) {
  std::string text;
  std::vector<std::string> left_out;
  for (const std::string& task : report.result.tasks) {
    const auto score = std::find_if(report.mislabel_scores.begin(), report.mislabel_scores.end(),
                                    [&](const MislabelScore& one) { return one.task == task; });
    if (score == report.mislabel_scores.end()) {
      left_out.push_back(task);
    } else if (score->flipped == 0) {
      const auto place = static_cast<std::size_t>(
          std::find(report.result.tasks.begin(), report.result.tasks.end(), task) - report.result.tasks.begin());
      text += task + ": no label is flipped, " + three_digits(report.mislabelled) + " of " +
              std::to_string(report.result.numbers[place].size()) + " rows is less than half a row\n";
    }
  }
  if (left_out.empty()) return text;
  return text + "left out: " + joined(left_out) + "; labels are flipped where each row has one class\n";
}

}  // namespace

Json to_json(const InfluenceSettings& settings) {
  InfluenceSettings copy = settings;
  FieldLister lister;
  copy.fields(lister);
  Json json = Json::object();
  for (const FieldInfo& field : lister.found) json[field.name] = Json::parse(field.default_value);
  return json;
}

Json InfluenceReport::json() const {
  Json tasks = Json::object();
  for (std::size_t t = 0; t < result.tasks.size(); ++t) {
    tasks[result.tasks[t]] = {{"rows", result.numbers[t].size()},
                              {"validation_loss", number_or_null(result.validation_losses[t])}};
  }
  Json seconds = Json::object();
  for (const auto& [stage, spent] : result.seconds) seconds[stage] = spent;
  Json checks = Json::object();
  if (leave_one_out) {
    checks["leave_one_out"] = {{"rows", leave_one_out->rows},
                               {"within", number_or_null(leave_one_out->within)},
                               {"between", number_or_null(leave_one_out->between)},
                               {"pearson", influence_matrix(leave_one_out->pearson)},
                               {"short_of_tolerance", leave_one_out->short_of}};
  }
  if (!subset_scores.empty()) {
    Json methods = Json::object();
    for (const SubsetScore& score : subset_scores) {
      Json per_target = Json::object();
      for (std::size_t t = 0; t < result.tasks.size(); ++t) {
        per_target[result.tasks[t]] = number_or_null(score.scores[t]);
      }
      methods[score.method] = {
          {"mean", number_or_null(score.mean)}, {"tasks", per_target}, {"seconds", number_or_null(score.seconds)}};
    }
    checks["subsets"] = {{"subsets", subsets}, {"share", 0.5}, {"methods", methods}};
  }
  if (!mislabel_scores.empty()) {
    Json found = Json::object();
    for (const MislabelScore& score : mislabel_scores) {
      found[score.task] = {{"flipped", score.flipped}, {"auc", number_or_null(score.auc)}};
    }
    checks["mislabel"] = {{"share", mislabelled}, {"tasks", found}};
  }
  const StationaryPoint& point = result.point;
  const ops::InverseSettings how = inverse_settings(settings);
  return {{"settings", to_json(settings)},
          {"tasks", tasks},
          {"parameters", {{"shared", result.shared_parameters}, {"total", result.parameters}}},
          {"stationary_point",
           {{"loss", point.value},
            {"gradient", point.gradient},
            {"tolerance", point.tolerance},
            {"iterations", point.iterations},
            {"reached", point.reached}}},
          {"backend",
           {{"name", result.backend.name},
            {"reason", result.backend.reason},
            {"kept_from_an_earlier_call", result.kept},
            {"relative_residual", number_or_null(result.residual)},
            {"curvature", how.curvature == ops::Curvature::hessian ? "hessian" : "gauss_newton"},
            {"damping", how.damping}}},
          {"task_to_task", {{"tasks", result.tasks}, {"matrix", influence_matrix(result.sums)}}},
          {"checks", checks},
          {"warnings", result.warnings},
          {"notes", result.notes},
          {"seconds", seconds},
          {"peak_memory_bytes", peak_memory_bytes}};
}

std::string InfluenceReport::csv() const {
  std::vector<std::string> fields = {"task", "row"};
  fields.insert(fields.end(), result.tasks.begin(), result.tasks.end());
  std::string text = csv_line(fields);
  char number[40];
  for (std::size_t l = 0; l < result.tasks.size(); ++l) {
    const torch::Tensor rows = result.rows[l].contiguous();
    const double* values = rows.const_data_ptr<double>();
    for (const std::int32_t row : result.numbers[l]) {
      fields = {result.tasks[l], std::to_string(row)};
      for (std::int64_t k = 0; k < rows.size(1); ++k) {
        std::snprintf(number, sizeof number, "%.9g", *values++);
        fields.emplace_back(number);
      }
      text += csv_line(fields);
    }
  }
  return text;
}

std::string InfluenceReport::table(std::size_t worst) const {
  std::string text = task_matrix("influence", result.tasks, result.sums) +
                     "sum over the rows of the task on the left, on the validation loss of the task above; positive: "
                     "harmful, taking the rows out lowers it\n\n" +
                     worst_rows(result, worst) + backend_line(result) + ", " + std::to_string(result.parameters) +
                     " parameters, " + std::to_string(result.shared_parameters) + " of them shared; " +
                     influence_costs(*this) + "\n";
  if (leave_one_out) {
    text += "\n" + task_matrix("Pearson", result.tasks, leave_one_out->pearson) +
            "of predicted and retrained changes, " + std::to_string(leave_one_out->rows) +
            " rows left out one at a time; within tasks " + fixed(leave_one_out->within, 3) + ", between tasks " +
            fixed(leave_one_out->between, 3) + "\n";
    if (leave_one_out->short_of > 0) {
      text += std::to_string(leave_one_out->short_of) + " retrainings did not reach their tolerance\n";
    }
  }
  if (!subset_scores.empty()) {
    std::vector<std::string> head = {"LDS"};
    head.insert(head.end(), result.tasks.begin(), result.tasks.end());
    head.insert(head.end(), {"mean", "seconds"});
    TextTable scores(head, 1);
    for (const SubsetScore& score : subset_scores) {
      std::vector<std::string> row = {score.method};
      for (const double value : score.scores) row.push_back(fixed(value, 3));
      row.insert(row.end(), {fixed(score.mean, 3), fixed(score.seconds, 2)});
      scores.add(std::move(row));
    }
    text += "\n" + scores.text() + "Spearman's correlation over " + std::to_string(subsets) +
            " halves of the rows with the loss after training on each\n";
  }
  if (!mislabel_scores.empty()) {
    TextTable scores({"mislabelled", "flipped", "AUC"}, 1);
    for (const MislabelScore& score : mislabel_scores) {
      scores.add({score.task, std::to_string(score.flipped), fixed(score.auc, 3)});
    }
    text += "\n" + scores.text() + mislabel_notes(*this);
  }
  return text;
}

}  // namespace infomtl
