#include "data/labels_from_data.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "data/readers.h"
#include "data/record_labels.h"
#include "data/subset.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/utf8.h"
#include "infomtl/metrics/tag_scheme.h"

namespace infomtl::data {
namespace {

std::optional<double> number(const std::string& name) {
  const char* const begin = name.data() + (name.starts_with('+') ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(begin, name.data() + name.size(), value);
  if (error != std::errc() || end != name.data() + name.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Adds to tags of a scheme what it has besides: "O" and, for every type found, the tags with its other prefixes. What
/// is no tag of the scheme stays as it is: the metric says whether it can be read.
void complete_tags(TagScheme scheme, std::set<std::string>& tags) {
  const std::string_view prefixes = prefixes_of(scheme);
  std::set<std::string> types;  // with the "-" before them; nothing in the bare tags of a single type
  for (const std::string& tag : tags) {
    const bool in_scheme = !tag.empty() && prefixes.find(tag.front()) != std::string_view::npos;
    if (in_scheme && (tag.size() == 1 || tag[1] == '-')) types.insert(tag.substr(1));
  }
  if (!types.empty()) tags.insert("O");
  for (const std::string& type : types) {
    for (const char prefix : prefixes) tags.insert(prefix + type);
  }
}

std::string too_few(const TaskRecord& record, std::size_t rows, const std::string& problem) {
  const std::vector<std::string>& labels = record.task.labels;
  const Source& first = record.splits[0].front();
  const std::filesystem::path& file = first.label_file.empty() ? first.file : first.label_file;
  std::string files = file.string();
  if (const std::size_t more = record.splits[0].size() - 1; more > 0) files += " and " + counted(more, "more file");
  const std::size_t least = least_labels(record.task.kind);
  std::string text = record.where + ": \"labels\": \"auto\" found " + counted(labels.size(), "label");
  if (labels.size() == 1) text += ", \"" + shortened_to(printable(labels.front()), kLongestShown) + "\",";
  text += " in the training rows of " + files + "; at least " + std::to_string(least) +
          (least == 1 ? " is needed" : " are needed");
  if (!problem.empty()) return text + "; " + problem;
  if (rows > 0) return text;
  std::error_code unknown;  // of a pipe
  const bool empty = record.splits[0].size() == 1 && std::filesystem::file_size(file, unknown) == 0;
  return text + (empty ? "; the file is empty" : "; there is no row");
}

}  // namespace

void take_labels_from_data(TaskRecord& record) {
  Task& task = record.task;
  std::size_t rows_read = 0;
  std::string first_problem;
  std::set<std::string> found;
  for (const Source& source : record.splits[0]) {
    const std::string content = read_regular_file(source.file);
    const std::string pairs = source.pair_file.empty() ? std::string() : read_regular_file(source.pair_file);
    const std::string labels = source.label_file.empty() ? std::string() : read_regular_file(source.label_file);
    // What is wrong with rows is told when they are read for training, or below.
    SourceRows rows = read_rows(source, content, pairs, {{task.kind, &source, &task.labels}}, {labels},
                                task.kind == TaskKind::tagging, [&](const std::string& text) {
                                  if (first_problem.empty()) first_problem = text;
                                });
    take_part(source, rows);
    rows_read += rows.texts.size();
    const RawLabels& raw = rows.labels.front();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw.missing[i]) continue;
      for (auto item = raw.offsets[i]; item < raw.offsets[i + 1]; ++item) {
        found.emplace(raw.items[static_cast<std::size_t>(item)]);
      }
    }
  }
  found.erase("");
  if (record.scheme_written) complete_tags(task.scheme, found);
  task.labels.assign(found.begin(), found.end());
  if (std::all_of(task.labels.begin(), task.labels.end(), [](const auto& name) { return number(name); })) {
    std::stable_sort(task.labels.begin(), task.labels.end(),
                     [](const auto& one, const auto& other) { return *number(one) < *number(other); });
  }
  if (task.labels.size() < least_labels(task.kind)) throw DataError(too_few(record, rows_read, first_problem));
}

}  // namespace infomtl::data
