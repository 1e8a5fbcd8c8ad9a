#include "data/record_sources.h"

#include <algorithm>
#include <map>
#include <system_error>

#include "data/record_columns.h"
#include "infomtl/data/dataset.h"

namespace infomtl::data {
namespace {

namespace fs = std::filesystem;

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

/// Columns are classes by their order; a name of another class there would say something else.
void refuse_other_order(const Config& columns, const std::vector<std::string>& names,
                        const std::vector<std::string>& labels) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == labels[i] || std::find(labels.begin(), labels.end(), names[i]) == labels.end()) continue;
    columns.fail("column \"" + names[i] + "\" stands where class \"" + labels[i] +
                 "\" is; name the columns in the order of the record's \"labels\"");
  }
}

/// What stands between the labels of one cell.
std::string read_separator(const Config& source) {
  std::string separator = source.text("separator", ",");
  if (separator.empty()) source.fail("separator", "must not be empty");
  return separator;
}

/// A cell with such a label could be that one or several.
void refuse_inside(const Config& source, const std::string& separator, const std::vector<std::string>& labels) {
  for (const std::string& label : labels) {
    if (label.find(separator) == std::string::npos) continue;
    source.fail("separator",
                "\"" + separator + "\" stands within the label \"" + label + "\"; separate labels by something else");
  }
}

}  // namespace

RecordRoot RecordRoot::of(const Config& holder) {
  RecordRoot root{.folder = holder.path("root")};
  std::error_code unreadable;
  if (holder.problems() == nullptr || fs::is_directory(*root.folder, unreadable)) return root;
  root.missing = true;
  const std::string text = root.folder->string();
  const bool told = text.find("${") != std::string::npos;  // a variable that is not set
  if (!told)
    holder.part([&] { holder.fail("root", "\"" + text + "\" is no folder; name the one that holds the files"); });
  return root;
}

fs::path RecordRoot::resolve(const Config& file) const {
  const fs::path path = file.as_text();
  if (path.empty()) file.fail("a file name is needed");
  const bool home = file.as_text().starts_with("~/");
  return folder && path.is_relative() && !home ? (*folder / path).lexically_normal() : file.as_path();
}

std::vector<fs::path> RecordRoot::files(const Config& object, std::string_view key) const {
  std::vector<fs::path> result;
  const Config value = object.value(key);
  if (!value.json().is_array()) return {resolve(value)};
  for (const Config& element : object.list(key)) result.push_back(resolve(element));
  if (result.empty()) value.fail("an empty list of files");
  return result;
}

std::vector<Source> read_source(const Config& config, const RecordRoot& root, const Task& task, bool labels_known) {
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
    if (task.kind == TaskKind::multi_label) {
      common.label_separator = read_separator(config);
      refuse_inside(config, common.label_separator, task.labels);
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Source source = common;
      source.file = texts[i];
      source.label_file = labels[i];
      if (!pairs.empty()) source.pair_file = pairs[i];
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
        if (labels_known) refuse_other_order(*label, common.label_columns, task.labels);
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
  if (task.kind == TaskKind::multi_label) {
    common.label_separator = read_separator(config);
    const bool in_cells = common.label_columns.size() == 1 && common.format != SourceFormat::jsonl;
    if (in_cells) refuse_inside(config, common.label_separator, task.labels);
  }
  for (const fs::path& file : files) {
    Source source = common;
    source.file = file;
    result.push_back(source);
  }
  return result;
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
