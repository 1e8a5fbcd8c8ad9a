#include "report/part_curves.h"

#include <algorithm>
#include <set>

#include "report/score_format.h"

namespace infomtl::report {
namespace {

std::vector<std::string> keys_below(const std::vector<std::string>& keys, const std::string& prefix) {
  std::vector<std::string> found;
  for (const std::string& key : keys) {
    if (key.starts_with(prefix)) found.push_back(key);
  }
  return found;
}

/// "validation/hate" and "loss/hate/simax/raw" are of "hate".
bool is_of_task(const std::string& key, const std::string& task) {
  return key.ends_with("/" + task) || key.find("/" + task + "/") != std::string::npos;
}

}  // namespace

std::size_t style_of(const ReportPart& part, const std::string& method) {
  std::size_t place = 0, baseline = part.methods.size();
  for (std::size_t i = 0; i < part.methods.size(); ++i) {
    if (part.methods[i].key == method) place = i;
    if (part.methods[i].key == part.scores.baseline) baseline = i;
  }
  if (baseline == part.methods.size()) return place;
  if (place == baseline) return 0;
  return place < baseline ? place + 1 : place;
}

std::vector<std::string> logged_keys(const ReportPart& part) {
  std::set<std::string> keys;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      for (const auto& [key, series] : run.series) keys.insert(key);
    }
  }
  std::vector<std::string> ordered(keys.begin(), keys.end());
  const std::vector<ScoredTask>& tasks = part.scores.tasks;
  const auto place = [&](const std::string& key) {
    return std::find_if(tasks.begin(), tasks.end(), [&](const ScoredTask& task) { return is_of_task(key, task.name); });
  };
  std::stable_sort(ordered.begin(), ordered.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return ordered;
}

std::vector<Curve> curves_of(const ReportPart& part, const std::string& key, std::size_t most_points, double scale) {
  std::vector<Curve> curves;
  for (const MethodRuns& method : part.methods) {
    const std::size_t style = style_of(part, method.key);
    if (style >= kMostDrawn) continue;
    std::vector<const Series*> seeds;
    for (const RunRecord& run : method.runs) {
      const auto found = run.series.find(key);
      if (found != run.series.end()) seeds.push_back(&found->second);
    }
    if (seeds.empty()) continue;
    Curve curve = curve_over_seeds(seeds, most_points);
    for (auto* numbers : {&curve.mean, &curve.low, &curve.high}) {
      for (double& number : *numbers) number *= scale;
    }
    curve.name = method.name;
    curve.style = style;
    curves.push_back(std::move(curve));
  }
  return curves;
}

std::size_t count_curves(const ReportPart& part) {
  std::size_t count = 0;
  for (const MethodRuns& method : part.methods) {
    std::set<std::string> keys;
    for (const RunRecord& run : method.runs) {
      for (const auto& [key, series] : run.series) keys.insert(key);
    }
    count += keys.size();
  }
  return count;
}

std::optional<ScoredTask> task_named(const ReportPart& part, const std::string& name) {
  for (const ScoredTask& task : part.scores.tasks) {
    if (task.name == name) return task;
  }
  return std::nullopt;
}

std::string watched_split(const ReportPart& part) {
  const std::vector<std::string> keys = logged_keys(part);
  for (const std::string split : {"validation", "train"}) {
    if (!keys_below(keys, split + "/").empty()) return split;
  }
  return "";
}

std::vector<LineChart> score_charts(const ReportPart& part, std::size_t most_points) {
  std::vector<LineChart> charts;
  const std::string split = watched_split(part);
  if (split.empty()) return charts;
  std::vector<std::string> keys = keys_below(logged_keys(part), split + "/");
  const std::string average = split + "/average";
  std::stable_partition(keys.begin(), keys.end(), [&](const std::string& key) { return key == average; });
  for (const std::string& key : keys) {
    const std::string name = key.substr(split.size() + 1);
    const std::optional<ScoredTask> task = task_named(part, name);
    bool rises = task && task->higher_is_better;
    std::string unit = task ? task->metric : "score";
    if (!task && key == average) {
      rises = !part.scores.tasks.empty() && part.scores.all_rise();
      unit = "average score";
    }
    if (rises) unit += ", %";
    if (task && !rises) unit += ", lower is better";
    charts.push_back({.title = !task && key == average ? "average over the tasks" : name,
                      .x_label = "epochs done",
                      .y_label = unit,
                      .curves = curves_of(part, key, most_points, score_scale(rises)),
                      .mark = {},
                      .mark_label = {}});
  }
  std::erase_if(charts, [](const LineChart& chart) { return chart.empty(); });
  return charts;
}

}  // namespace infomtl::report
