#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "data/class_rows.h"
#include "data/file_source.h"
#include "data/label_noise.h"
#include "data/label_reader.h"
#include "data/labels_from_data.h"
#include "data/leave_out.h"
#include "data/readers.h"
#include "data/record_labels.h"
#include "data/subset.h"
#include "data/task_record.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/random.h"
#include "infomtl/data/dataset.h"

namespace infomtl {
namespace data {
namespace {

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
    label_contents.push_back(label_file.empty() ? std::string() : read_regular_file(label_file));
    words = words || task.kind == TaskKind::tagging || task.words;
  }
  SourceRows rows;
  {  // the files' contents go as soon as their rows are there
    const std::string content = read_regular_file(source.file);
    const std::string pair_content = source.pair_file.empty() ? std::string() : read_regular_file(source.pair_file);
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
      log::info("task " + record.task.name + ", " + std::string(split_name(split)) + ", " + rows.labels[r].file.name +
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

/// What a data section says beside its records.
struct RowChoice {
  double train_fraction;
  std::array<std::int64_t, 3> most;  ///< rows of each split
  double label_noise;
  Config leave_out;

  static RowChoice read(const Config& config) {
    constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
    RowChoice choice{
        .train_fraction = config.number("train_fraction", 1.0, Range{.low = 0.0, .high = 1.0, .low_open = true}),
        .most = {config.integer("max_train_rows", kAll, at_least(1)),
                 config.integer("max_validation_rows", kAll, at_least(1)),
                 config.integer("max_test_rows", kAll, at_least(1))},
        .label_noise = config.number("label_noise", 0.0, between(0.0, 1.0)),
        .leave_out = leave_out_list(config)};
    config.reject_unknown();
    return choice;
  }
};

/// The rows of one split, whole. @param problems  null: the first throws
SplitData read_split(const std::vector<TaskRecord>& records, Split split, std::vector<std::string>* problems,
                     LabelReadings* readings) {
  const ErrorList problem =
      problems == nullptr ? throwing_errors() : ErrorList([&](const std::string& text) { problems->push_back(text); });
  SplitData rows;
  rows.tasks.resize(records.size());
  std::set<std::size_t> told;  // tasks whose rows could not all be read
  for (const Reading& reading : readings_of(records, split)) {
    std::vector<std::string> names;
    for (const std::size_t t : reading.tasks) names.push_back(records[t].task.name);
    const std::string place =
        (names.size() == 1 ? "task " : "tasks ") + joined(names) + ", " + std::string(split_name(split));
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
  }
  return rows;
}

std::vector<std::int64_t> sizes_of(const SplitData& rows) {
  std::vector<std::int64_t> sizes;
  for (const TaskRows& task : rows.tasks) sizes.push_back(static_cast<std::int64_t>(task.size()));
  return sizes;
}

void take_rows(const RowChoice& choice, SplitData& rows, const std::vector<Task>& tasks, Split split,
               std::uint64_t run_seed) {
  take_subset(rows, tasks, split == Split::train ? choice.train_fraction : 1.0,
              choice.most[static_cast<std::size_t>(split)], run_seed, split);
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
      record.task.labels = stand_in_labels(record.task);  // its rows are not read
      for (auto& sources : record.splits) sources.clear();
    }
  }
  const RowChoice choice = RowChoice::read(config);

  Dataset dataset;
  if (readings != nullptr) readings->resize(records.size());
  std::vector<std::int64_t> labelled;
  for (const TaskRecord& record : records) dataset.tasks.push_back(record.task);
  for (const Split split : kSplits) {
    dataset.split(split) = read_split(records, split, problems, readings);
    if (split == Split::train) labelled = sizes_of(dataset.split(split));
    take_rows(choice, dataset.split(split), dataset.tasks, split, run_seed);
  }
  SplitData& train = dataset.split(Split::train);
  config.part(
      [&] { with_context(config.where(), [&] { flip_labels(train, dataset.tasks, choice.label_noise, run_seed); }); });
  try {
    leave_out_rows(choice.leave_out, train, dataset.tasks, labelled);
  } catch (const UserError& error) {
    if (problems == nullptr) throw;
    problems->push_back(error.what());
  }
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

namespace {

/// @throws ConfigError
const data::TaskRecord& record_of(const Task& task, const std::vector<data::TaskRecord>& records,
                                  const Config& config) {
  const auto of_task = [&](const data::TaskRecord& record) { return record.task.name == task.name; };
  const auto found = std::find_if(records.begin(), records.end(), of_task);
  if (found != records.end()) return *found;
  throw ConfigError(config.where("tasks") + ": no task \"" + task.name + "\" is left among the records");
}

}  // namespace

Dataset load_split(const Config& config, const std::vector<Task>& tasks, Split which, std::uint64_t run_seed) {
  using namespace data;
  const std::vector<TaskRecord> records = read_task_records(config);
  const RowChoice choice = RowChoice::read(config);
  std::vector<TaskRecord> trained;
  for (const Task& task : tasks) {
    trained.push_back(record_of(task, records, config));
    trained.back().task.labels = task.labels;
  }
  Dataset dataset;
  dataset.tasks = tasks;
  for (SplitData& split : dataset.splits) split.tasks.resize(tasks.size());
  SplitData& rows = dataset.split(which);
  rows = read_split(trained, which, nullptr, nullptr);
  const std::vector<std::int64_t> labelled = sizes_of(rows);
  take_rows(choice, rows, tasks, which, run_seed);
  if (which == Split::train) {
    with_context(config.where(), [&] { flip_labels(rows, tasks, choice.label_noise, run_seed); });
    leave_out_rows(choice.leave_out, rows, tasks, labelled);
  }
  return dataset;
}

Dataset load_file(const Config& config, const std::vector<Task>& tasks, std::size_t task,
                  const std::filesystem::path& file) {
  using namespace data;
  const std::vector<TaskRecord> records = read_task_records(config);
  const TaskRecord& record = record_of(tasks.at(task), records, config);
  std::vector<TaskRecord> one = {record};
  one[0].task.labels = tasks[task].labels;  // "auto" was settled in training
  one[0].task.words = tasks[task].words;
  one[0].splits = {};
  one[0].splits[static_cast<std::size_t>(Split::test)] = {source_of_file(record, file)};
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
