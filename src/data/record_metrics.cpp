#include "data/record_metrics.h"

#include <algorithm>
#include <string>
#include <vector>

#include "infomtl/data/task_json.h"

namespace infomtl::data {
namespace {

std::string default_metric(TaskKind kind) {
  switch (kind) {
    case TaskKind::classification:
      return "accuracy";
    case TaskKind::multi_label:
      return "micro_f1";
    case TaskKind::regression:
      return "pearson";
    case TaskKind::tagging:
      return "entity_f1";
  }
  return "accuracy";
}

MetricChoice metric_of(const Config& config) {
  if (!config.json().is_string() && !config.json().is_object()) config.fail("a name or an object is needed");
  if (config.is_object()) config.text("name");
  MetricChoice metric = metric_from_json(config.json());
  metric.where = config.where();
  return metric;
}

}  // namespace

bool read_scheme(const Config& config, Task& task) {
  const bool written = config.has("scheme");
  if (task.kind == TaskKind::tagging) {
    task.scheme = tag_scheme_named(config.choice("scheme", name_of(task.scheme), tag_scheme_names()));
  } else if (written) {
    config.fail("scheme", "is how tags mark entities; the task's type must be tagging");
  }
  return written && !config.value("scheme").json().is_null();
}

void read_metrics(const Config& config, Task& task) {
  task.metric = {.name = default_metric(task.kind), .where = config.where("metric")};
  const std::vector<Config> extra_metrics = config.list_or_empty("extra_metrics");
  if (config.has("metric")) task.metric = metric_of(config.value("metric"));
  std::vector<std::string> metric_names = {task.metric.name};
  for (const Config& extra : extra_metrics) {
    task.extra_metrics.push_back(metric_of(extra));
    const std::string& name = task.extra_metrics.back().name;
    if (std::find(metric_names.begin(), metric_names.end(), name) != metric_names.end()) {
      extra.fail("a second metric named \"" + name + "\"; results have one score per name");
    }
    metric_names.push_back(name);
  }
}

}  // namespace infomtl::data
