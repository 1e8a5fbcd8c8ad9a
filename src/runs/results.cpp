#include "infomtl/runs/results.h"

#include <cmath>
#include <limits>
#include <set>

#include "infomtl/core/errors.h"
#include "infomtl/core/json_file.h"
#include "infomtl/runs/text_table.h"
#include "runs/shown_splits.h"

namespace infomtl {
namespace {

constexpr std::size_t kMostListedClasses = 200;  // of more, results.json has the scores alone

double number_or_nan(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

double value_or_nan(const std::map<std::string, double>& values, const std::string& key) {
  const auto found = values.find(key);
  return found == values.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

ScoredSplits scored_splits(const std::vector<std::pair<std::string, TaskResult>>& tasks) {
  ScoredSplits scored;
  for (const auto& [name, task] : tasks) {
    scored.emplace_back(name, std::vector<std::string>());
    for (const auto& [split, score] : task.score) {
      if (!std::isnan(score)) scored.back().second.push_back(split);
    }
  }
  return scored;
}

}  // namespace

Json Results::to_json() const {
  Json json = {
      {"format", 1},
      {"seed", seed},
      {"selection", {{"split", selection_split}, {"monitor", selection_monitor}, {"epoch", selected_epoch + 1}}}};
  if (selected_step >= 0) json["selection"]["step"] = selected_step;
  for (const auto& [name, at] : selected_tasks) {
    json["selection"]["tasks"][name] = {{"epoch", at.epoch + 1}, {"step", at.step}};
  }
  json["tasks"] = Json::object();
  for (const auto& [name, task] : tasks) {
    Json entry = {{"metric", task.metric}, {"higher_is_better", task.higher_is_better}};
    for (const auto& [split, score] : task.score) entry[split] = score;
    entry["all"] = Json::object();
    for (const auto& [split, metrics] : task.all) {
      entry["all"][split] = Json::object();
      for (const auto& [metric, value] : metrics) entry["all"][split][metric] = value;
    }
    for (const auto& [split, report] : task.classes) {
      if (report.labels.size() <= kMostListedClasses) entry["classes"][split] = report.to_json();
    }
    json["tasks"][name] = std::move(entry);
  }
  json["average"] = Json::object();
  for (const auto& [split, value] : average) json["average"][split] = value;
  if (!joint.empty()) json["joint"] = Json::object();
  for (const auto& [names, scores] : joint) {
    for (const auto& [split, value] : scores) json["joint"][names]["sentence_accuracy"][split] = value;
  }
  json["training"] = training;
  json["environment"] = environment;
  if (!task_similarity.empty()) json["task_similarity"] = task_similarity;
  if (!task_weights.empty()) json["task_weights"] = task_weights;
  if (!loss_weights.empty()) json["loss_weights"] = loss_weights;
  if (!representation.empty()) json["representation"] = representation;
  return json;
}

Results Results::from_json(const Json& json) {
  Results results;
  try {
    if (json.at("format") != 1) throw FormatError("results of format " + json.at("format").dump() + ", not 1");
    results.seed = json.at("seed").get<std::uint64_t>();
    const Json& selection = json.at("selection");
    results.selection_split = selection.at("split").get<std::string>();
    results.selection_monitor = selection.at("monitor").get<std::string>();
    results.selected_epoch = selection.at("epoch").get<std::int64_t>() - 1;
    results.selected_step = selection.value("step", std::int64_t{-1});
    const Json own = selection.value("tasks", Json::object());
    for (const auto& [name, at] : own.items()) {
      results.selected_tasks[name] = {at.at("epoch").get<std::int64_t>() - 1, at.at("step").get<std::int64_t>()};
    }
    for (const auto& [name, entry] : json.at("tasks").items()) {
      TaskResult task;
      task.metric = entry.at("metric").get<std::string>();
      task.higher_is_better = entry.value("higher_is_better", true);
      for (const auto& [key, value] : entry.items()) {
        if (key == "metric" || key == "higher_is_better" || key == "all" || key == "classes") continue;
        task.score[key] = number_or_nan(value);
      }
      for (const auto& [split, metrics] : entry.at("all").items()) {
        for (const auto& [metric, value] : metrics.items()) task.all[split][metric] = number_or_nan(value);
      }
      const Json reports = entry.value("classes", Json::object());
      for (const auto& [split, report] : reports.items()) task.classes[split] = ClassReport::from_json(report);
      results.tasks.emplace_back(name, std::move(task));
    }
    for (const auto& [split, value] : json.at("average").items()) results.average[split] = number_or_nan(value);
    const Json together = json.value("joint", Json::object());
    for (const auto& [names, entry] : together.items()) {
      for (const auto& [split, value] : entry.at("sentence_accuracy").items()) {
        results.joint[names][split] = number_or_nan(value);
      }
    }
    results.training = json.at("training");
    results.environment = json.at("environment");
    results.task_similarity = json.value("task_similarity", Json::object());
    results.task_weights = json.value("task_weights", Json::object());
    results.loss_weights = json.value("loss_weights", Json::object());
    results.representation = json.value("representation", Json::object());
  } catch (const Json::exception& error) {
    throw FormatError(std::string("not the results of a run: ") + reason_of(error));
  }
  return results;
}

std::vector<std::string> Results::splits() const {
  std::set<std::string> found;
  for (const auto& [name, task] : tasks) {
    for (const auto& [split, score] : task.score) found.insert(split);
  }
  std::vector<std::string> ordered;
  for (const char* split : {"train", "validation", "test"}) {
    if (found.erase(split) > 0) ordered.emplace_back(split);
  }
  ordered.insert(ordered.end(), found.begin(), found.end());
  return ordered;
}

std::string Results::table(const std::string& split_shown) const {
  const std::vector<std::string> columns = shown_splits(splits(), split_shown);
  std::vector<std::string> head = {"task", "metric"};
  head.insert(head.end(), columns.begin(), columns.end());
  TextTable table(head, 2);
  bool all_rise = true;
  for (const auto& [name, task] : tasks) {
    all_rise = all_rise && task.higher_is_better;
    std::vector<std::string> row = {name, task.metric};
    for (const std::string& split : columns) {
      const auto found = task.score.find(split);
      row.push_back(found == task.score.end() ? "-" : score_text(found->second, task.higher_is_better));
    }
    table.add(std::move(row));
  }
  table.rule();
  std::vector<std::string> row = {"average", ""};
  for (const std::string& split : columns) {
    const auto found = average.find(split);
    row.push_back(found == average.end() ? "-" : score_text(found->second, all_rise));
  }
  table.add(std::move(row));
  for (const auto& [names, scores] : joint) {
    std::vector<std::string> all_right = {names, "sentence_accuracy"};
    for (const std::string& split : columns) {
      const auto found = scores.find(split);
      all_right.push_back(found == scores.end() ? "-" : score_text(found->second, true));
    }
    table.add(std::move(all_right));
  }
  return table.text() + shown_instead_note(splits(), split_shown) + missing_scores_note(scored_splits(tasks), columns);
}

double Results::score_of(const std::string& task, const std::string& split) const {
  for (const auto& [name, result] : tasks) {
    if (name == task) return value_or_nan(result.score, split);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double Results::joint_of(const std::string& names, const std::string& split) const {
  const auto found = joint.find(names);
  return found == joint.end() ? std::numeric_limits<double>::quiet_NaN() : value_or_nan(found->second, split);
}

void Results::add_joint(const Results& more) {
  for (const auto& [names, scores] : more.joint) joint[names].insert(scores.begin(), scores.end());
}

void Results::add_splits(const Results& more) {
  for (std::size_t t = 0; t < more.tasks.size(); ++t) {
    if (t >= tasks.size() || tasks[t].first != more.tasks[t].first) throw StateError("results of other tasks");
    tasks[t].second.score.insert(more.tasks[t].second.score.begin(), more.tasks[t].second.score.end());
    tasks[t].second.all.insert(more.tasks[t].second.all.begin(), more.tasks[t].second.all.end());
    tasks[t].second.classes.insert(more.tasks[t].second.classes.begin(), more.tasks[t].second.classes.end());
  }
  average.insert(more.average.begin(), more.average.end());
  add_joint(more);
}

void Results::average_tasks() {
  average.clear();
  for (const std::string& split : splits()) {
    double sum = 0;
    int count = 0;
    for (const auto& [name, task] : tasks) {
      const auto found = task.score.find(split);
      if (found == task.score.end() || std::isnan(found->second)) continue;
      sum += found->second;
      ++count;
    }
    if (count > 0) average[split] = sum / count;
  }
}

}  // namespace infomtl
