#include "data/task_record.h"

#include <algorithm>
#include <map>
#include <set>

#include "data/record_labels.h"
#include "data/record_metrics.h"
#include "infomtl/core/errors.h"

namespace infomtl::data {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string>& types() {
  static const std::vector<std::string> kTypes = {"classification", "pair_classification", "multi_label", "regression",
                                                  "tagging"};
  return kTypes;
}

TaskKind kind_of(const std::string& type) {
  static const std::map<std::string, TaskKind> kKinds = {{"classification", TaskKind::classification},
                                                         {"pair_classification", TaskKind::classification},
                                                         {"multi_label", TaskKind::multi_label},
                                                         {"regression", TaskKind::regression},
                                                         {"tagging", TaskKind::tagging}};
  return kKinds.at(type);
}

/// A task's name is a key of logs (loss/<task>/<term>), of parameters (heads.<task>.weight) and of tables.
void check_name(const Config& config, const std::string& name) {
  const auto fits = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '/' && c != '.' && c != '\\';
  };
  if (name.empty() || name.size() > 100 || !std::all_of(name.begin(), name.end(), fits)) {
    config.fail("name", "a name of at most 100 bytes is needed, without \"/\", \"\\\", \".\" and control characters");
  }
  for (const char* word : {"average", "loss", "last"}) {
    if (name == word) config.fail("name", "\"" + name + "\" means something else to training.selection.monitor");
  }
}

Range read_range(const Config& config) {
  const auto bounds = config.list("range");
  if (bounds.size() != 2) config.fail("range", "[lowest, highest] is needed");
  const double lowest = bounds[0].as_number(), highest = bounds[1].as_number();
  if (!(lowest < highest)) config.fail("range", "the lowest must be below the highest");
  return between(lowest, highest);
}

/// One task; `config` holds its own fields, `splits` the sources (of the record, or shared by several tasks).
TaskRecord read_task(const Config& config, const Config& splits, const RecordRoot& root, bool several) {
  TaskRecord record;
  Task& task = record.task;
  record.where = config.where();
  task.name = config.text("name");
  check_name(config, task.name);
  task.type = config.choice("type", "", types());
  if (task.type.empty()) {
    config.fail("type", "missing; one of classification, pair_classification, multi_label, regression, tagging");
  }
  task.kind = kind_of(task.type);
  const auto needed = [&](const auto& read) { record.broken = !config.part(read) || record.broken; };
  config.part([&] { record.scheme_written = read_scheme(config, task); });
  const bool labels_known = config.part([&] {
    record.labels_from_data = !read_labels(
        config, [&](const Config& value) { return root.resolve(value); }, task);
  });
  record.broken = !labels_known || root.missing;
  if (!labels_known) task.labels.clear();
  config.part([&] { read_metrics(config, task); });
  record.missing_labels_allowed =
      config.choice("missing_labels", several ? "skip" : "error", {"error", "skip"}) == "skip";
  if (task.kind == TaskKind::regression) {
    if (config.has("range")) needed([&] { record.value_range = read_range(config); });
  } else {
    const std::string unknown = config.choice("unknown_labels", "error", {"error", "skip", "wrong"});
    record.unknown_labels = unknown == "error"  ? UnknownLabels::error
                            : unknown == "skip" ? UnknownLabels::skip
                                                : UnknownLabels::wrong;
    if (task.kind == TaskKind::multi_label && record.unknown_labels == UnknownLabels::wrong) {
      config.fail("unknown_labels", "\"wrong\" needs one label per row or word; multi_label takes error or skip");
    }
  }

  for (const Split split : kSplits) {
    const std::string name(split_name(split));
    if (!splits.has(name)) continue;
    auto& sources = record.splits[static_cast<std::size_t>(split)];
    const Config value = splits.value(name);
    const auto list = value.json().is_array() ? splits.list(name) : std::vector<Config>{value};
    std::set<std::string> seen;
    for (const Config& element : list) {
      needed([&] {
        for (const Source& source : read_source(element, root, task, labels_known)) {
          if (!seen.insert(source.text_key()).second) {
            element.fail("\"" + source.file.string() + "\" is named twice in the " + name + " split");
          }
          task.pair = task.pair || source.paired();
          if (task.kind == TaskKind::tagging && source.paired()) {
            element.fail("a tagging task reads one text, not a pair");
          }
          sources.push_back(source);
        }
      });
    }
  }
  if (record.broken) return record;
  if (record.splits[0].empty()) splits.fail("train", "task '" + task.name + "' has no rows to train on");
  if (task.type == "pair_classification" && !task.pair) {
    config.fail("type", "pair_classification needs \"text_pair\" beside \"text\" in its sources");
  }
  return record;
}

void read_record(const Config& config, const RecordRoot& root, std::vector<TaskRecord>& records) {
  const Config splits = config.object("splits");
  if (config.has("tasks")) {
    const auto tasks = config.list("tasks");
    if (tasks.empty()) config.fail("tasks", "at least one task is needed");
    for (const Config& task : tasks) {
      task.part([&] {
        records.push_back(read_task(task, splits, root, true));
        task.reject_unknown();
      });
    }
  } else {
    records.push_back(read_task(config, splits, root, false));
  }
  const bool whole =
      std::none_of(records.begin(), records.end(), [](const TaskRecord& record) { return record.broken; });
  if (whole) reject_unknown_sources(splits);  // a source that broke off has keys that nobody asked for
  config.reject_unknown();
}

/// What stands in for a record of which not even the name could be read: its file's name says what it may be called.
TaskRecord unread(const Config& element) {
  TaskRecord record;
  record.where = element.where();
  record.broken = true;
  const Json& json = element.json();
  std::string text = json.is_string() ? json.get<std::string>() : "";
  if (json.is_object()) {
    for (const char* key : {"name", "record"}) {
      if (json.contains(key) && json.at(key).is_string()) text = json.at(key).get<std::string>();
    }
  }
  record.task.name = fs::path(text).stem().string();
  record.task.metric.name = "accuracy";  // stand-in: what checks tasks does not meet one without
  return record;
}

/// An element of data.tasks: a file, {"record": file, "root": folder}, or a record written in place.
void read_element(const Config& element, const RecordRoot& root, std::vector<TaskRecord>& records) {
  if (!element.is_object()) {
    read_record(Config::from_file(element.as_path(), {}, element.problems()), root, records);
  } else if (element.has("record")) {
    const RecordRoot own = element.has("root") ? RecordRoot::of(element) : root;
    read_record(Config::from_file(element.path("record"), {}, element.problems()), own, records);
    element.reject_unknown();
  } else {
    read_record(element, root, records);
  }
}

}  // namespace

}  // namespace infomtl::data

namespace infomtl {

std::vector<std::string> data_path_fields(const Config& data) {
  std::vector<std::string> fields = {"root", "leave_out", "tasks[]", "tasks[].record", "tasks[].root"};
  if (!data.is_object() || data.json().contains("root")) return fields;
  for (const char* file : {"text[]", "text_pair[]", "label[]", "label.*[]", "file[]"}) {
    fields.push_back(std::string("tasks[].splits.*[].") + file);
  }
  return fields;
}

}  // namespace infomtl

namespace infomtl::data {

std::vector<TaskRecord> read_task_records(const Config& data, std::vector<std::string>* problems) {
  const RecordRoot root = data.has("root") ? RecordRoot::of(data) : RecordRoot();
  std::vector<TaskRecord> records;
  const auto elements = data.list("tasks");
  if (elements.empty()) data.fail("tasks", "at least one task is needed");
  std::set<std::string> names;
  const auto add = [&](TaskRecord record) {
    if (!names.insert(record.task.name).second) {
      throw ConfigError(record.where + ": a second task named \"" + record.task.name + "\"; names must differ");
    }
    records.push_back(std::move(record));
  };
  for (const Config& element : elements) {
    std::vector<TaskRecord> found;
    try {
      read_element(element, root, found);
      for (TaskRecord& record : found) add(std::move(record));
    } catch (const UserError& error) {
      if (problems == nullptr) throw;
      problems->emplace_back(error.what());
      if (data.problems() != nullptr && found.empty() && !names.contains(unread(element).task.name)) {
        add(unread(element));
      }
    }
  }
  for (TaskRecord& record : records) {
    if (!record.broken) continue;
    for (auto& sources : record.splits) sources.clear();
    record.labels_from_data = false;
    if (record.task.labels.empty() && record.task.kind != TaskKind::regression) {
      record.task.labels = stand_in_labels(record.task);
    }
  }
  return records;
}

}  // namespace infomtl::data
