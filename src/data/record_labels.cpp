#include "data/record_labels.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/text_lines.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/utf8.h"
#include "infomtl/data/task_json.h"
#include "infomtl/metrics/tag_scheme.h"

namespace infomtl::data {
namespace {

constexpr const char* kAllowed =
    "; must be a list of names, \"auto\", a file of names or, for tagging, {\"types\": [\"PER\", ...]}";

/// What a message quotes of a value that is no label.
std::string shown(const Json& json) {
  return shortened_to(printable(json.dump(-1, ' ', false, Json::error_handler_t::replace)), kLongestShown);
}

/// A name in the record's list of labels, or in a file of them.
void add_label(const Config& place, const std::string& where, const std::string& name, std::set<std::string>& known,
               Task& task) {
  if (name.empty()) place.fail(where + "a label needs a name");
  if (trimmed(name) != name) place.fail(where + "label \"" + name + "\" begins or ends with a blank, which cells drop");
  if (name.find('\0') != std::string::npos) place.fail(where + "a label holds a zero byte");
  if (!known.insert(name).second) {
    place.fail(where + "label \"" + name + "\" is listed twice");
  }
  task.labels.push_back(name);
}

/// An id as JSON keys write it: "0", "12", not "01" or "+1".
std::optional<std::size_t> id_of(const std::string& text) {
  std::size_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(id) != text) return std::nullopt;
  return id;
}

/// A name in a JSON file, and the way to it: "#/id2label/0".
using Entry = std::pair<std::string, const Json*>;

std::vector<Entry> entries_by_id(const Config& value, const std::string& file, const Json& names) {
  std::vector<Entry> entries(names.size());
  for (const auto& [id, name] : names.items()) {
    const std::optional<std::size_t> index = id_of(id);
    if (!index || *index >= entries.size()) {  // keys differ, so ids below their number are all of them
      value.fail(file + "#/id2label: found the id \"" + shortened_to(printable(id), kLongestShown) + "\" among " +
                 counted(entries.size(), "name") + "; the ids must be 0 to " + std::to_string(entries.size() - 1) +
                 ", each once");
    }
    entries[*index] = {"#/id2label/" + id, &name};
  }
  return entries;
}

void add_json_labels(const Config& value, const std::filesystem::path& path, std::set<std::string>& known, Task& task) {
  const Json json = with_context(value.where(), [&] { return read_json(path); });
  const std::string file = path.string();
  std::vector<Entry> entries;
  if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i) entries.emplace_back("#/" + std::to_string(i), &json[i]);
  } else if (json.is_object() && json.contains("id2label") && json.at("id2label").is_object()) {
    entries = entries_by_id(value, file, json.at("id2label"));
  } else {
    std::string found = shown(json);
    if (json.is_object()) {
      found =
          json.contains("id2label") ? "\"id2label\": " + shown(json.at("id2label")) : "an object without \"id2label\"";
    }
    value.fail(
        file + ": found " + found +
        "; a JSON file of labels holds an array of names, or an object with \"id2label\": {\"0\": \"NEG\", ...}");
  }
  for (const auto& [at, name] : entries) {
    if (!name->is_string()) value.fail(file + at + ": found " + shown(*name) + "; a label must be a string");
    add_label(value, file + at + ": ", name->get<std::string>(), known, task);
  }
}

void add_lines(const Config& value, const std::filesystem::path& file, std::set<std::string>& known, Task& task) {
  const std::string content = with_context(value.where(), [&] { return read_regular_file(file); });
  std::vector<std::string_view> lines = split_lines(content, file.string());
  while (!lines.empty() && trimmed(lines.back()).empty()) lines.pop_back();
  std::size_t number = 0;
  for (const std::string_view line : lines) {
    add_label(value, file.string() + ":" + std::to_string(++number) + ": ", std::string(trimmed(line)), known, task);
  }
}

/// {"types": ["PER", "LOC"]}
void add_tag_set(const Config& value, std::set<std::string>& known, Task& task) {
  if (!value.has("types")) value.fail("found an object without \"types\"" + std::string(kAllowed));
  if (task.kind != TaskKind::tagging) {
    value.fail("types", "are those of tags that mark entities; the task's type must be tagging, not " + task.type);
  }
  std::vector<std::string> types;
  std::set<std::string> seen;
  for (const Config& type : value.list("types")) {
    const std::string name = type.as_text();
    if (name.empty()) type.fail("a type needs a name");
    if (trimmed(name) != name) type.fail("type \"" + name + "\" begins or ends with a blank");
    if (!seen.insert(name).second) type.fail("type \"" + name + "\" is listed twice");
    types.push_back(name);
  }
  if (types.empty()) value.fail("types", "found an empty list; at least one type is needed");
  value.reject_unknown();
  for (const std::string& tag : tag_set(task.scheme, types)) add_label(value, "", tag, known, task);
}

}  // namespace

std::size_t least_labels(TaskKind kind) { return kind == TaskKind::multi_label ? 1 : 2; }

bool read_labels(const Config& config, const FileResolver& file_of, Task& task) {
  if (task.kind == TaskKind::regression) return true;
  const Config value = config.value("labels");
  std::set<std::string> known;  // there may be thousands
  std::string in_file;
  if (value.json().is_array()) {
    for (const Config& label : config.list("labels")) add_label(label, "", label.as_text(), known, task);
  } else if (value.is_object()) {
    add_tag_set(value, known, task);
  } else if (!value.json().is_string()) {
    value.fail("found " + shown(value.json()) + kAllowed);
  } else if (value.as_text() == "auto") {
    return false;
  } else {
    const std::filesystem::path file = file_of(value);
    const auto add = file.extension() == ".json" ? add_json_labels : add_lines;
    add(value, file, known, task);
    in_file = file.string() + ": ";
  }
  if (const std::size_t least = least_labels(task.kind); task.labels.size() < least) {
    value.fail(in_file + "found " + counted(task.labels.size(), "label") + "; at least " + counted(least, "label") +
               (least == 1 ? " is needed" : " are needed"));
  }
  return true;
}

std::vector<std::string> stand_in_labels(const Task& task) {
  std::vector<std::string> labels =
      task.kind == TaskKind::tagging ? tag_set(task.scheme, {"TYPE"}) : std::vector<std::string>{"0", "1"};
  const Json metric = metric_to_json(task.metric);
  if (!metric.is_object()) return labels;
  const auto add = [&](const Json& name) {
    if (!name.is_string() || std::find(labels.begin(), labels.end(), name.get<std::string>()) != labels.end()) return;
    labels.push_back(name.get<std::string>());
  };
  if (metric.contains("label")) add(metric.at("label"));
  if (metric.contains("labels")) {
    for (const Json& name : metric.at("labels")) add(name);
  }
  return labels;
}

}  // namespace infomtl::data
