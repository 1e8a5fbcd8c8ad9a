#include "data/task_record.h"

#include <algorithm>
#include <map>
#include <set>

#include "data/record_columns.h"
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

/// Where the files of a record lie: under `root`, or beside the file that names them when there is no root.
struct Root {
  std::optional<fs::path> folder;

  fs::path resolve(const Config& value) const {
    const fs::path file = value.as_text();
    if (file.empty()) value.fail("a file name is needed");
    const bool home = value.as_text().starts_with("~/");
    return folder && file.is_relative() && !home ? (*folder / file).lexically_normal() : value.as_path();
  }
  /// One file, or a list of files.
  std::vector<fs::path> files(const Config& object, std::string_view key) const {
    std::vector<fs::path> result;
    const Config value = object.value(key);
    if (!value.json().is_array()) return {resolve(value)};
    for (const Config& element : object.list(key)) result.push_back(resolve(element));
    if (result.empty()) value.fail("an empty list of files");
    return result;
  }
};

SourceFormat format_of(const Config& source, const fs::path& file) {
  static const std::map<std::string, SourceFormat> kFormats = {
      {"label_text", SourceFormat::label_text}, {"tsv", SourceFormat::tsv},    {"csv", SourceFormat::csv},
      {"jsonl", SourceFormat::jsonl},           {"json", SourceFormat::jsonl}, {"conll", SourceFormat::conll}};
  const std::string extension = file.extension().string();
  const std::string fallback = extension.empty() ? "" : extension.substr(1);
  std::vector<std::string> names;
  names.reserve(kFormats.size());
  for (const auto& [name, format] : kFormats) names.push_back(name);
  const std::string name =
      source.has("format") || !kFormats.contains(fallback) ? source.choice("format", "", names) : fallback;
  if (!kFormats.contains(name)) source.fail("format", "needed; one of conll, csv, json, jsonl, label_text, tsv");
  return kFormats.at(name);
}

/// Where the label of one task stands: `value` itself, or its entry of that task's name. Nothing when it has none.
std::optional<Config> for_task(const Config& object, std::string_view key, const std::string& task) {
  if (!object.has(key)) return std::nullopt;
  const Config value = object.value(key);
  if (!value.json().is_object()) return value;
  if (!value.has(task)) return std::nullopt;
  return value.value(task);
}

void read_part(const Config& config, Source& source) {
  if (!config.has("part")) return;
  const Config part = config.object("part");
  source.part_from = part.number("from", 0.0, between(0, 1));
  source.part_to = part.number("to", 1.0, between(0, 1));
  source.part_seed = part.integer("seed", 0);
  if (!(source.part_from < source.part_to)) part.fail("\"from\" must be below \"to\"");
  part.reject_unknown();
}

/// One source object as one task reads it, a Source for every file it lists. Empty when it holds no label of the task.
/// @param labels_known  false: the record's labels could not be read, and nothing is compared with them
std::vector<Source> read_source(const Config& config, const Root& root, const Task& task, bool labels_known) {
  if (!config.is_object()) config.fail("an object with \"text\" and \"label\", or with \"file\", is needed");
  Source common;
  read_part(config, common);
  std::vector<Source> result;
  if (!config.has("file")) {
    if (!config.has("text")) config.fail("\"text\" and \"label\" (files side by side) or \"file\" is needed");
    const auto texts = root.files(config, "text");
    const auto pairs = config.has("text_pair") ? root.files(config, "text_pair") : std::vector<fs::path>();
    if (!config.has("label")) config.fail("label", "missing");
    const auto label = for_task(config, "label", task.name);
    if (!label) return {};
    std::vector<fs::path> labels;
    if (label->json().is_array()) {
      const Config holder = config.value("label").json().is_object() ? config.object("label") : config;
      labels = root.files(holder, config.value("label").json().is_object() ? std::string_view(task.name) : "label");
    } else {
      labels = {root.resolve(*label)};
    }
    if (labels.size() != texts.size()) label->fail("as many label files as text files are needed");
    if (!pairs.empty() && pairs.size() != texts.size())
      config.fail("text_pair", "as many files as in \"text\" are needed");
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Source source = common;
      source.file = texts[i];
      source.label_file = labels[i];
      if (!pairs.empty()) source.pair_file = pairs[i];
      if (task.kind == TaskKind::multi_label) source.label_separator = config.text("separator", ",");
      result.push_back(source);
    }
    return result;
  }

  const auto files = root.files(config, "file");
  common.format = format_of(config, files.front());
  const Config columns = config.object_or_empty("columns");
  const bool table = common.format == SourceFormat::tsv || common.format == SourceFormat::csv;
  if (table && config.has("header")) common.header = config.boolean("header");
  if (table && config.has("quotes")) common.quotes = config.boolean("quotes");
  if (table && config.has("delimiter")) {
    common.delimiter = config.choice("delimiter", ",", {",", ";", "\t", "|"}).front();
  }
  if (table && !common.header) refuse_quoted_numbers(columns);
  if (common.format == SourceFormat::label_text) {
    if (task.kind == TaskKind::tagging) config.fail("format", "label_text holds one label per row, not tags");
    common.label_columns = {"label"};
  } else {
    const bool conll = common.format == SourceFormat::conll;
    common.text_column = columns.has("text") ? column_of(columns.value("text")) : (conll ? "0" : "text");
    if (!conll && columns.has("text_pair")) common.pair_column = column_of(columns.value("text_pair"));
    if (columns.has("label")) {
      const auto label = for_task(columns, "label", task.name);
      if (!label) return {};
      if (label->json().is_array()) {
        for (const Json& column : label->json()) {
          if (!column.is_string()) label->fail("a list of column names is needed");
          common.label_columns.push_back(column.get<std::string>());
        }
        if (labels_known && task.kind == TaskKind::multi_label && task.labels.empty()) {
          label->fail("0/1 columns are in the order of the record's \"labels\"; list them");
        }
        const bool fits = !labels_known || common.label_columns.size() == task.labels.size();
        if (task.kind != TaskKind::multi_label || !fits) {
          label->fail("a list of 0/1 columns is for multi_label tasks, one column for each of the " +
                      std::to_string(task.labels.size()) + " labels");
        }
      } else {
        common.label_columns = {column_of(*label)};
      }
    } else if (!conll) {
      common.label_columns = {"label"};
    }
    if (conll && task.kind != TaskKind::tagging)
      config.fail("format", "conll holds tags; the task's type must be tagging");
    columns.reject_unknown();
  }
  if (task.kind == TaskKind::multi_label) common.label_separator = config.text("separator", ",");
  if (common.label_separator.empty()) config.fail("separator", "must not be empty");
  for (const fs::path& file : files) {
    Source source = common;
    source.file = file;
    result.push_back(source);
  }
  return result;
}

/// One task; `config` holds its own fields, `splits` the sources (of the record, or shared by several tasks).
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

TaskRecord read_task(const Config& config, const Config& splits, const Root& root, bool several) {
  TaskRecord record;
  Task& task = record.task;
  record.where = config.where();
  task.name = config.text("name");
  check_name(config, task.name);
  if (!config.has("type"))
    config.fail("type", "missing; one of classification, pair_classification, multi_label, regression, tagging");
  task.type = config.choice("type", "", types());
  task.kind = kind_of(task.type);
  const auto needed = [&](const auto& read) { record.broken = !config.part(read) || record.broken; };
  config.part([&] { record.scheme_written = read_scheme(config, task); });
  const bool labels_known = config.part([&] {
    record.labels_from_data = !read_labels(
        config, [&](const Config& value) { return root.resolve(value); }, task);
  });
  record.broken = !labels_known;
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

void reject_unknown_sources(const Config& splits) {
  splits.reject_unknown();
  for (const Split split : kSplits) {
    const std::string name(split_name(split));
    if (!splits.has(name)) continue;
    const Config value = splits.value(name);
    for (const Config& source : value.json().is_array() ? splits.list(name) : std::vector<Config>{value}) {
      source.reject_unknown();
      if (source.has("label") && source.value("label").json().is_object()) source.object("label").reject_unknown();
      if (!source.has("columns")) continue;
      const Config columns = source.object("columns");
      if (columns.has("label") && columns.value("label").json().is_object()) columns.object("label").reject_unknown();
    }
  }
}

void read_record(const Config& config, const Root& root, std::vector<TaskRecord>& records) {
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
void read_element(const Config& element, const Root& root, std::vector<TaskRecord>& records) {
  if (!element.is_object()) {
    read_record(Config::from_file(element.as_path(), {}, element.problems()), root, records);
  } else if (element.has("record")) {
    Root own = root;
    if (element.has("root")) own.folder = element.path("root");
    read_record(Config::from_file(element.path("record"), {}, element.problems()), own, records);
    element.reject_unknown();
  } else {
    read_record(element, root, records);
  }
}

}  // namespace

std::string Source::text_key() const {
  std::string key = std::to_string(static_cast<int>(format));
  for (const std::string& part :
       {file.lexically_normal().string(), pair_file.lexically_normal().string(), text_column, pair_column,
        std::string(1, style().delimiter), std::to_string(static_cast<int>(style().quotes)), std::to_string(part_from),
        std::to_string(part_to), std::to_string(part_seed)}) {
    key += '\0' + part;
  }
  return key;
}

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
  Root root;
  if (data.has("root")) root.folder = data.path("root");
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
