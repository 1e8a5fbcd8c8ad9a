#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "data/class_rows.h"
#include "data/file_source.h"
#include "data/label_noise.h"
#include "data/labels_from_data.h"
#include "data/leave_out.h"
#include "data/readers.h"
#include "data/subset.h"
#include "data/task_record.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/random.h"
#include "infomtl/data/dataset.h"

namespace infomtl {
namespace data {
namespace {

constexpr std::size_t kMostListed = 12;  // of problems: a file of the wrong kind has as many as rows

/// Labels as words or as indices. Where a name is itself a number, however it is written, only names are taken.
class LabelNames {
 public:
  explicit LabelNames(const std::vector<std::string>& names) : names_(names) {
    bool any_number = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      index_.emplace(names[i], static_cast<std::int32_t>(i));
      any_number = any_number || is_number(names[i]);
    }
    indices_allowed_ = !any_number;
  }

  std::optional<std::int32_t> find(std::string_view cell) const {
    const auto found = index_.find(cell);
    if (found != index_.end()) return found->second;
    const auto index = as_index(cell);
    if (indices_allowed_ && index && *index < static_cast<std::int64_t>(names_.size())) {
      return static_cast<std::int32_t>(*index);
    }
    return std::nullopt;
  }

  /// @param suggests  whether the nearest name is looked for, which takes time where there are thousands
  std::string complaint(std::string_view cell, bool suggests) const {
    std::string text = "label \"" + std::string(cell.substr(0, 60)) + "\" is not one of ";
    constexpr std::size_t kShown = 12;
    for (std::size_t i = 0; i < std::min(names_.size(), kShown); ++i) text += (i == 0 ? "" : ", ") + names_[i];
    if (names_.size() > kShown) text += ", ... (" + std::to_string(names_.size()) + " labels)";
    if (indices_allowed_) text += ", nor an index 0 to " + std::to_string(names_.size() - 1);
    const std::string near = suggests ? nearest_name(cell, names_) : "";
    if (!near.empty()) text += "; did you mean \"" + near + "\"?";
    return text;
  }

 private:
  static bool is_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error != std::errc::invalid_argument && end == text.data() + text.size();
  }

  static std::optional<std::int64_t> as_index(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    if (text.size() > 1 && (text.front() == '0' || text.front() == '-')) return std::nullopt;  // "01" is a code
    return value;
  }

  const std::vector<std::string>& names_;
  std::map<std::string, std::int32_t, std::less<>> index_;
  bool indices_allowed_ = true;
};

/// By class: what was read as it, and how often.
using Readings = std::vector<std::map<std::string, std::int64_t>>;

/// Understands the raw labels of one task in one source and appends them to the task's rows.
class LabelReader {
 public:
  /// @param readings  by class; null: what labels were read from is not kept
  LabelReader(const TaskRecord& record, Split split, ErrorList problem, Readings* readings)
      : record_(record),
        training_(split == Split::train),
        names_(record.task.labels),
        problem_(std::move(problem)),
        readings_(readings) {
    if (readings_ != nullptr) readings_->resize(record.task.labels.size());
  }

  void append(const RawLabels& raw, const SourceRows& source, std::int32_t first_sequence, TaskRows& rows) {
    const bool list = record_.task.kind == TaskKind::multi_label || record_.task.kind == TaskKind::tagging;
    if (list && rows.label_offsets.empty()) rows.label_offsets.push_back(0);
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const std::string where = raw.file + ":" + std::to_string(raw.lines[i]) + ": ";
      if (raw.refused[i]) continue;
      if (raw.missing[i]) {
        ++without_label_;
        if (!record_.missing_labels_allowed) {
          problem_(where + "no label; \"missing_labels\": \"skip\" in the record leaves such rows out");
        }
        continue;
      }
      const auto begin = static_cast<std::size_t>(raw.offsets[i]);
      const auto end = static_cast<std::size_t>(raw.offsets[i + 1]);
      const std::size_t kept = rows.classes.size();
      bool good = true;
      if (record_.task.kind == TaskKind::regression) {
        good = append_value(raw.items[begin], where, rows);
      } else {
        good = tags_fit(source.texts, i, end - begin, where);
        for (std::size_t j = begin; good && j < end; ++j) good = append_class(raw.items[j], where, kept, rows);
      }
      if (!good) {
        rows.classes.resize(kept);
        continue;
      }
      rows.sequences.push_back(first_sequence + static_cast<std::int32_t>(i));
      if (list) rows.label_offsets.push_back(static_cast<std::int64_t>(rows.classes.size()));
    }
  }

  /// "3 rows without a label, 2 with one that \"labels\" lacks": what append() left out as the record allows; or nothing.
  std::string left_out() const {
    std::string text;
    if (record_.missing_labels_allowed && without_label_ > 0)
      text = std::to_string(without_label_) + " without a label";
    if (unknown_ > 0) {
      text += (text.empty() ? "" : ", ") + std::to_string(unknown_) + " with a label that \"labels\" lacks";
    }
    return text;
  }

 private:
  bool tags_fit(const Texts& texts, std::size_t row, std::size_t tags, const std::string& where) {
    if (record_.task.kind != TaskKind::tagging) return true;
    const auto words = static_cast<std::size_t>(texts.word_offsets[row + 1] - texts.word_offsets[row]);
    if (words == tags && words > 0) return true;
    problem_(where + std::to_string(tags) + " tags for " + std::to_string(words) + " words");
    return false;
  }

  bool append_class(std::string_view cell, const std::string& where, std::size_t row_begin, TaskRows& rows) {
    const auto found = names_.find(cell);
    if (found) {
      const auto begin = rows.classes.begin() + static_cast<std::ptrdiff_t>(row_begin);
      if (record_.task.kind == TaskKind::multi_label &&
          std::find(begin, rows.classes.end(), *found) != rows.classes.end()) {
        problem_(where + "label \"" + std::string(cell) + "\" twice in one row");
        return false;
      }
      rows.classes.push_back(*found);
      if (readings_ != nullptr) ++(*readings_)[static_cast<std::size_t>(*found)][std::string(cell)];
      return true;
    }
    const bool tolerated = !training_ && record_.unknown_labels != UnknownLabels::error;
    if (!tolerated) {
      problem_(where + names_.complaint(cell, ++complaints_ <= kMostListed));
      return false;
    }
    if (record_.unknown_labels == UnknownLabels::skip) {
      ++unknown_;
      return false;
    }
    rows.classes.push_back(kUnknownLabel);
    return true;
  }

  bool append_value(std::string_view cell, const std::string& where, TaskRows& rows) {
    double value = 0.0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) {
      problem_(where + "\"" + std::string(cell.substr(0, 60)) + "\" is not a number");
      return false;
    }
    if (!record_.value_range.contains(value)) {
      problem_(where + std::string(cell) + " is outside the record's range");
      return false;
    }
    const auto kept = static_cast<float>(value);
    if (!std::isfinite(kept)) {
      problem_(where + std::string(cell) + " is too large for a 32-bit float");
      return false;
    }
    rows.values.push_back(kept);
    return true;
  }

  const TaskRecord& record_;
  bool training_;
  LabelNames names_;
  ErrorList problem_;
  std::int64_t without_label_ = 0, unknown_ = 0;
  std::size_t complaints_ = 0;
  Readings* readings_;
};

/// The tasks that read the same texts, with their own view of the source.
struct Reading {
  std::vector<std::size_t> tasks;
  std::vector<const Source*> sources;
};

std::vector<Reading> readings_of(const std::vector<TaskRecord>& records, Split split) {
  std::vector<Reading> readings;
  std::map<std::string, std::size_t> place;
  for (std::size_t t = 0; t < records.size(); ++t) {
    for (const Source& source : records[t].splits[static_cast<std::size_t>(split)]) {
      const auto [found, added] = place.emplace(source.text_key(), readings.size());
      if (added) readings.emplace_back();
      readings[found->second].tasks.push_back(t);
      readings[found->second].sources.push_back(&source);
    }
  }
  return readings;
}

void load_reading(const Reading& reading, const std::vector<TaskRecord>& records, Split split, SplitData& data,
                  const ErrorList& problem, LabelReadings* readings) {
  const Source& source = *reading.sources.front();
  std::vector<LabelRequest> requests;
  std::vector<std::string> label_contents;
  bool words = false;
  for (std::size_t r = 0; r < reading.tasks.size(); ++r) {
    const Task& task = records[reading.tasks[r]].task;
    requests.push_back({task.kind, reading.sources[r], &task.labels});
    const auto& label_file = reading.sources[r]->label_file;
    label_contents.push_back(label_file.empty() ? std::string() : read_file(label_file));
    words = words || task.kind == TaskKind::tagging || task.words;
  }
  SourceRows rows;
  {  // the files' contents go as soon as their rows are there
    const std::string content = read_file(source.file);
    const std::string pair_content = source.pair_file.empty() ? std::string() : read_file(source.pair_file);
    rows = read_rows(source, content, pair_content, requests, label_contents, words, problem);
  }
  take_part(source, rows);
  const auto first_sequence = static_cast<std::int32_t>(data.texts.size());
  for (std::size_t r = 0; r < reading.tasks.size(); ++r) {
    const TaskRecord& record = records[reading.tasks[r]];
    Readings* const kept =
        readings == nullptr ? nullptr : &(*readings)[reading.tasks[r]][static_cast<std::size_t>(split)];
    LabelReader labels(record, split, problem, kept);
    labels.append(rows.labels[r], rows, first_sequence, data.tasks[reading.tasks[r]]);
    if (const std::string rest = labels.left_out(); !rest.empty()) {
      log::info("task " + record.task.name + ", " + std::string(split_name(split)) + ", " + rows.labels[r].file +
                ": rows left out: " + rest);
    }
  }
  if (data.texts.size() == 0) {
    data.texts = std::move(rows.texts);
  } else {
    append_texts(data.texts, rows.texts);
  }
}

/// The list of rows to leave out, written in place or in a file; none: an empty one.
Config leave_out_list(const Config& config) {
  if (!config.has("leave_out") || config.value("leave_out").json().is_null()) {
    return Config::from_json({{"rows", Json::object()}}, config.where("leave_out"));
  }
  const Config list = config.value("leave_out");
  if (list.is_object()) return list;
  const std::filesystem::path file = config.path("leave_out");
  return Config::from_json(read_json(file), file.string());
}

}  // namespace

Dataset load_dataset_with(const Config& config, std::uint64_t run_seed, std::vector<std::string>* problems,
                          LabelReadings* readings) {
  std::vector<TaskRecord> records = read_task_records(config, problems);
  for (TaskRecord& record : records) {
    if (!record.labels_from_data) continue;
    try {
      take_labels_from_data(record);
    } catch (const UserError& error) {
      if (config.problems() == nullptr) throw;
      config.problems()->add(error.what());
      record.task.labels = {"0", "1"};  // stand-ins: its rows are not read
      for (auto& sources : record.splits) sources.clear();
    }
  }
  const double fraction = config.number("train_fraction", 1.0, Range{.low = 0.0, .high = 1.0, .low_open = true});
  constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
  const std::array<std::int64_t, 3> most = {config.integer("max_train_rows", kAll, at_least(1)),
                                            config.integer("max_validation_rows", kAll, at_least(1)),
                                            config.integer("max_test_rows", kAll, at_least(1))};
  const double noise = config.number("label_noise", 0.0, between(0.0, 1.0));
  const Config leave_out = leave_out_list(config);
  config.reject_unknown();

  Dataset dataset;
  if (readings != nullptr) readings->resize(records.size());
  std::vector<std::int64_t> labelled;
  for (const TaskRecord& record : records) dataset.tasks.push_back(record.task);
  const ErrorList problem =
      problems == nullptr ? throwing_errors() : ErrorList([&](const std::string& text) { problems->push_back(text); });
  for (const Split split : kSplits) {
    SplitData& rows = dataset.split(split);
    rows.tasks.resize(records.size());
    std::set<std::size_t> told;  // tasks whose rows could not all be read
    for (const Reading& reading : readings_of(records, split)) {
      std::string names;
      for (const std::size_t t : reading.tasks) names += (names.empty() ? "" : ", ") + records[t].task.name;
      const std::string place =
          (reading.tasks.size() == 1 ? "task " : "tasks ") + names + ", " + std::string(split_name(split));
      std::size_t found = 0;
      const ErrorList placed = [&](const std::string& text) {
        if (++found <= kMostListed) problem(place + ": " + text);
      };
      try {
        if (problems == nullptr) {
          with_context(place, [&] { load_reading(reading, records, split, rows, problem, readings); });
        } else {
          load_reading(reading, records, split, rows, placed, readings);
        }
      } catch (const UserError& error) {
        if (problems == nullptr) throw;
        placed(error.what());
      }
      if (found > kMostListed) problem(place + ": and " + std::to_string(found - kMostListed) + " more problems");
      if (found > 0) told.insert(reading.tasks.begin(), reading.tasks.end());
    }
    for (std::size_t t = 0; t < records.size(); ++t) {
      const auto& sources = records[t].splits[static_cast<std::size_t>(split)];
      if (sources.empty() || rows.tasks[t].size() > 0 || told.contains(t)) continue;
      problem("task " + records[t].task.name + ": the " + std::string(split_name(split)) +
              " split has no labelled row (" + sources.front().file.string() + ")");
    }
    for (TaskRows& task : rows.tasks) {
      task.numbers.resize(task.size());
      std::iota(task.numbers.begin(), task.numbers.end(), 1);
      if (split == Split::train) labelled.push_back(static_cast<std::int64_t>(task.size()));
    }
    take_subset(rows, dataset.tasks, split == Split::train ? fraction : 1.0, most[static_cast<std::size_t>(split)],
                run_seed, split);
  }
  config.part([&] {
    with_context(config.where(), [&] { flip_labels(dataset.split(Split::train), dataset.tasks, noise, run_seed); });
  });
  try {
    leave_out_rows(leave_out, dataset.split(Split::train), dataset.tasks, labelled);
  } catch (const UserError& error) {
    if (problems == nullptr) throw;
    problems->push_back(error.what());
  }
  const SplitData& train = dataset.split(Split::train);
  for (std::size_t t = 0; t < dataset.tasks.size(); ++t) {
    const std::vector<std::int32_t>& sequences = train.tasks[t].sequences;
    dataset.tasks[t].train_rows = static_cast<std::int64_t>(train.tasks[t].size());
    if (dataset.tasks[t].kind != TaskKind::regression) {
      dataset.tasks[t].label_counts.assign(dataset.tasks[t].labels.size(), 0);
      for (const std::int32_t label : train.tasks[t].classes) {
        ++dataset.tasks[t].label_counts[static_cast<std::size_t>(label)];
      }
    }
    dataset.tasks[t].words = std::any_of(sequences.begin(), sequences.end(), [&](std::int32_t sequence) {
      const auto s = static_cast<std::size_t>(sequence);
      return train.texts.word_offsets[s + 1] > train.texts.word_offsets[s];
    });
  }
  return dataset;
}

}  // namespace data

Dataset load_dataset(const Config& config, std::uint64_t run_seed, std::vector<std::string>* problems) {
  return data::load_dataset_with(config, run_seed, problems, nullptr);
}

Dataset load_file(const Config& config, const std::vector<Task>& tasks, std::size_t task,
                  const std::filesystem::path& file) {
  using namespace data;
  std::vector<TaskRecord> records = read_task_records(config);
  const auto of_task = [&](const TaskRecord& record) { return record.task.name == tasks.at(task).name; };
  const auto found = std::find_if(records.begin(), records.end(), of_task);
  if (found == records.end()) {
    throw ConfigError(config.where("tasks") + ": no task \"" + tasks.at(task).name + "\" is left among the records");
  }
  std::vector<TaskRecord> one = {*found};
  one[0].task.labels = tasks[task].labels;  // "auto" was settled in training
  one[0].task.words = tasks[task].words;
  one[0].splits = {};
  one[0].splits[static_cast<std::size_t>(Split::test)] = {source_of_file(*found, file)};
  SplitData rows;
  rows.tasks.resize(1);
  const std::string place = "task " + tasks[task].name;
  for (const Reading& reading : readings_of(one, Split::test)) {
    with_context(place, [&] { load_reading(reading, one, Split::test, rows, throwing_errors(), nullptr); });
  }
  if (rows.tasks[0].size() == 0) throw DataError(place + ": " + file.string() + " has no labelled row");

  Dataset dataset;
  dataset.tasks = tasks;
  for (SplitData& split : dataset.splits) split.tasks.resize(tasks.size());
  SplitData& test = dataset.split(Split::test);
  test.texts = std::move(rows.texts);
  test.tasks[task] = std::move(rows.tasks[0]);
  return dataset;
}

Dataset load_dataset(const std::vector<std::filesystem::path>& records, std::uint64_t run_seed,
                     const std::filesystem::path& root) {
  Json data = {{"tasks", Json::array()}};
  for (const std::filesystem::path& record : records) data["tasks"].push_back(record.string());
  if (!root.empty()) data["root"] = root.string();
  return load_dataset(Config::from_json(std::move(data), "task records"), run_seed);
}

}  // namespace infomtl
