#include "data/labels_from_data.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "data/readers.h"
#include "data/record_labels.h"
#include "data/subset.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"

namespace infomtl::data {
namespace {

std::optional<double> number(const std::string& name) {
  const char* const begin = name.data() + (name.starts_with('+') ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(begin, name.data() + name.size(), value);
  if (error != std::errc() || end != name.data() + name.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

void take_labels_from_data(TaskRecord& record) {
  Task& task = record.task;
  std::set<std::string> found;
  for (const Source& source : record.splits[0]) {
    const std::string content = read_file(source.file);
    const std::string pairs = source.pair_file.empty() ? std::string() : read_file(source.pair_file);
    const std::string labels = source.label_file.empty() ? std::string() : read_file(source.label_file);
    // What is wrong with rows is told when they are read for training.
    SourceRows rows = read_rows(source, content, pairs, {{task.kind, &source, &task.labels}}, {labels},
                                task.kind == TaskKind::tagging, [](const std::string&) {});
    take_part(source, rows);
    const RawLabels& raw = rows.labels.front();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw.missing[i]) continue;
      for (auto item = raw.offsets[i]; item < raw.offsets[i + 1]; ++item) {
        found.emplace(raw.items[static_cast<std::size_t>(item)]);
      }
    }
  }
  found.erase("");
  task.labels.assign(found.begin(), found.end());
  if (std::all_of(task.labels.begin(), task.labels.end(), [](const auto& name) { return number(name); })) {
    std::stable_sort(task.labels.begin(), task.labels.end(),
                     [](const auto& one, const auto& other) { return *number(one) < *number(other); });
  }
  const std::size_t least = least_labels(task.kind);
  if (task.labels.size() < least) {
    throw DataError(record.where + ": \"labels\": \"auto\" found " + std::to_string(task.labels.size()) +
                    " labels in the training rows; at least " + std::to_string(least) + " are needed");
  }
}

}  // namespace infomtl::data
