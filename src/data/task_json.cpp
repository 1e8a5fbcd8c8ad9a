#include "infomtl/data/task_json.h"

#include <array>
#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/json_pointer.h"

namespace infomtl {
namespace {

constexpr std::array<std::pair<const char*, TaskKind>, 4> kKinds = {{{"single", TaskKind::classification},
                                                                     {"multiple", TaskKind::multi_label},
                                                                     {"value", TaskKind::regression},
                                                                     {"tags", TaskKind::tagging}}};

}  // namespace

Json metric_to_json(const MetricChoice& metric) {
  return metric.options.empty() ? Json(metric.name) : Json::parse(metric.options);
}

MetricChoice metric_from_json(const Json& json) {
  if (json.is_string()) return {json.get<std::string>()};
  return {json.at("name").get<std::string>(), json.dump()};
}

Json task_to_json(const Task& task) {
  Json json = {{"name", task.name}, {"type", task.type}};
  for (const auto& [name, kind] : kKinds) {
    if (kind == task.kind) json["kind"] = name;
  }
  json["pair"] = task.pair;
  json["labels"] = task.labels;
  json["metric"] = metric_to_json(task.metric);
  json["extra_metrics"] = Json::array();
  for (const MetricChoice& extra : task.extra_metrics) json["extra_metrics"].push_back(metric_to_json(extra));
  if (task.scheme != TagScheme::bio) json["scheme"] = name_of(task.scheme);
  json["train_rows"] = task.train_rows;
  json["words"] = task.words;
  return json;
}

namespace {

/// @throws FormatError; nlohmann's exceptions
Task task_from_json(const Json& json) {
  Task task;
  task.name = json.at("name").get<std::string>();
  task.type = json.at("type").get<std::string>();
  bool known = false;
  for (const auto& [name, kind] : kKinds) {
    if (json.at("kind") != name) continue;
    task.kind = kind;
    known = true;
  }
  if (!known) throw FormatError("task \"" + task.name + "\": unknown kind " + json.at("kind").dump());
  task.pair = json.at("pair").get<bool>();
  task.labels = json.at("labels").get<std::vector<std::string>>();
  task.metric = metric_from_json(json.at("metric"));
  for (const Json& extra : json.at("extra_metrics")) task.extra_metrics.push_back(metric_from_json(extra));
  task.scheme = tag_scheme_named(json.value("scheme", name_of(TagScheme::bio)));
  task.train_rows = json.at("train_rows").get<std::int64_t>();
  task.words = json.value("words", task.kind == TaskKind::tagging);
  return task;
}

}  // namespace

std::vector<Task> tasks_from_json(const Json& list, const std::string& where) {
  std::vector<Task> tasks;
  for (const Json& json : list) {
    try {
      tasks.push_back(task_from_json(json));
    } catch (const Json::exception& error) {
      throw FormatError(pointer_below(where, tasks.size()) + ": " + reason_of(error));
    } catch (const UserError& error) {
      throw FormatError(pointer_below(where, tasks.size()) + ": " + error.what());
    }
  }
  return tasks;
}

}  // namespace infomtl
