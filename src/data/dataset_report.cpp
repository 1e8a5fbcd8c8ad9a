#include "infomtl/data/dataset_report.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "data/class_rows.h"
#include "infomtl/core/config.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/utf8.h"
#include "infomtl/data/tokenized_texts.h"

namespace infomtl {
namespace {

struct TextKey {
  std::string_view first, second;
  bool operator==(const TextKey&) const = default;
};
struct TextHash {
  std::size_t operator()(const TextKey& key) const {
    const std::hash<std::string_view> hash;
    return hash(key.first) * 31 + hash(key.second);
  }
};

TextKey key_of(const SplitData& data, std::int32_t sequence) {
  const auto s = static_cast<std::size_t>(sequence);
  return {data.texts.first[s], data.texts.second[s]};
}

void count_labels(const Task& task, const TaskRows& rows, SplitReport& report) {
  std::vector<std::int64_t> counts(task.labels.size(), 0);
  for (const std::int32_t label : rows.classes) {
    if (label == kUnknownLabel) {
      ++report.unknown_labels;
    } else {
      ++counts[static_cast<std::size_t>(label)];
    }
  }
  for (std::size_t c = 0; c < counts.size(); ++c) report.labels.emplace_back(task.labels[c], counts[c]);
  if (rows.values.empty()) return;
  const auto [least, most] = std::minmax_element(rows.values.begin(), rows.values.end());
  report.least = *least;
  report.most = *most;
  double sum = 0.0;
  for (const float value : rows.values) sum += value;
  report.mean = sum / static_cast<double>(rows.values.size());
}

void count_texts(const Task& task, const TaskRows& rows, const SplitData& data, SplitReport& report) {
  struct Seen {
    std::int32_t label = 0;
    bool contradicted = false;
  };
  std::unordered_map<TextKey, Seen, TextHash> seen;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TextKey key = key_of(data, rows.sequences[i]);
    const auto blank = [](std::string_view text) {
      return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    };
    if (blank(key.first) || (task.pair && blank(key.second))) ++report.empty_texts;
    const std::int32_t label = task.kind == TaskKind::classification ? rows.classes[i] : 0;
    const auto [found, added] = seen.emplace(key, Seen{label, false});
    if (added) continue;
    ++report.repeats;
    if (found->second.label != label && !found->second.contradicted) {
      found->second.contradicted = true;
      ++report.contradictions;
    }
  }
}

std::int64_t common_texts(const TaskRows& a, const SplitData& a_data, const TaskRows& b, const SplitData& b_data) {
  std::unordered_map<TextKey, bool, TextHash> counted;
  for (const std::int32_t sequence : a.sequences) counted.emplace(key_of(a_data, sequence), false);
  std::int64_t common = 0;
  for (const std::int32_t sequence : b.sequences) {
    const auto found = counted.find(key_of(b_data, sequence));
    if (found == counted.end() || found->second) continue;
    found->second = true;
    ++common;
  }
  return common;
}

void count_tokens(const TaskRows& rows, const TokenizedTexts& tokens, std::size_t max_length, SplitReport& report) {
  std::vector<std::int32_t> lengths;
  for (const std::int32_t sequence : rows.sequences) {
    const SequenceTokens found = tokens.sequence(static_cast<std::size_t>(sequence));
    const auto length = static_cast<std::int32_t>(found.ids.size());
    const auto limit = max_length == 0 ? length : static_cast<std::int32_t>(max_length);
    lengths.push_back(length);
    report.tokens += std::min(length, limit);
    report.truncated += length > limit ? 1 : 0;
    report.tokens_cut += std::max(length - limit, 0);
    report.words += std::ssize(found.word_tokens);
    // One special token is assumed to close the cut text.
    for (const std::int32_t token : found.word_tokens) {
      report.words_without_token += token < 0 || (length > limit && token >= limit - 1) ? 1 : 0;
    }
  }
  std::sort(lengths.begin(), lengths.end());
  constexpr std::array<double, 5> kQuantiles = {0.0, 0.5, 0.9, 0.99, 1.0};
  for (std::size_t q = 0; q < kQuantiles.size(); ++q) {
    report.lengths[q] = lengths[static_cast<std::size_t>(kQuantiles[q] * static_cast<double>(lengths.size() - 1))];
  }
}

std::string percent(std::int64_t part, std::int64_t whole) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%",
                whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

/// `: "a", "b" and 3 more`; of no names nothing.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 6;
  constexpr std::size_t kWidth = 40;
  if (names.empty()) return "";
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    shown.push_back('"' + shortened_to(printable(names[i]), kWidth) + '"');
  }
  const std::string text = ": " + joined(shown);
  return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more" : text;
}

void take_notes(const Task& task, const SplitReport& report, std::vector<std::string>& notes) {
  const std::string place = task.name + ", " + std::string(split_name(report.split)) + ": ";
  const auto note = [&](std::int64_t count, const std::string& one, const std::string& many, const std::string& end) {
    if (count > 0) notes.push_back(place + counted(static_cast<std::size_t>(count), one, many) + end);
  };
  note(report.empty_texts, "empty text", "empty texts", "");
  note(report.contradictions, "text occurs", "texts occur", " with different labels");
  for (const auto& [split, count] : report.shared_texts) {
    const std::string other = " in " + std::string(split_name(split)) + " too";
    note(count, "distinct text occurs", "distinct texts occur", other);
  }
  if (report.truncated * 50 > report.rows) {
    const std::string share = " (" + percent(report.truncated, report.rows) + ") ";
    note(report.truncated, "row" + share + "is", "rows" + share + "are", " cut to max_length");
  }
  note(report.words_without_token, "word has no token of its own", "words have no token of their own", "");
  note(report.unknown_labels, "label is", "labels are",
       " not in the record's list" + listed(report.unknown_names) + "; no prediction can match " +
           (report.unknown_labels == 1 ? "it" : "them"));
  std::int64_t absent = 0;
  std::string first;
  for (const auto& [label, count] : report.labels) {
    if (count > 0) continue;
    if (absent++ == 0) first = label;
  }
  if (absent > 0) {
    notes.push_back(place + "no row has the label \"" + first + "\"" +
                    (absent > 1 ? " (nor " + counted(static_cast<std::size_t>(absent - 1), "other") + ")" : ""));
  }
}

std::string padded(std::string text, std::size_t width, bool right) {
  if (text.size() < width) text.insert(right ? 0 : text.size(), width - text.size(), ' ');
  return text;
}

std::string label_summary(const SplitReport& report) {
  char values[96];
  if (report.labels.empty()) {
    std::snprintf(values, sizeof values, "values %.4g to %.4g, mean %.4g", report.least, report.most, report.mean);
    return values;
  }
  auto labels = report.labels;
  std::stable_sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  constexpr std::size_t kShown = 8;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(labels.size(), kShown); ++i) {
    shown.push_back(labels[i].first + " " + std::to_string(labels[i].second));
  }
  std::string text = joined(shown);
  if (labels.size() > kShown) text += ", ... (" + std::to_string(labels.size()) + " labels)";
  return text;
}

}  // namespace

namespace {

DatasetReport report_on(const Dataset& dataset, const data::LabelReadings& readings, const Tokenizer* tokenizer,
                        std::size_t max_length, const BatchingSettings& batching) {
  DatasetReport report;
  report.tasks = dataset.tasks;
  std::array<std::unique_ptr<TokenizedTexts>, 3> tokens;
  if (tokenizer != nullptr) {
    const std::shared_ptr<const Tokenizer> borrowed(std::shared_ptr<void>(), tokenizer);
    for (const Split split : kSplits) {
      auto& made = tokens[static_cast<std::size_t>(split)];
      made = std::make_unique<TokenizedTexts>(dataset.split(split).texts, borrowed, 0);
      made->wait();
    }
  }
  for (std::size_t t = 0; t < dataset.tasks.size(); ++t) {
    const Task& task = dataset.tasks[t];
    for (const Split split : kSplits) {
      const SplitData& data = dataset.split(split);
      const TaskRows& rows = data.tasks[t];
      if (rows.size() == 0) continue;
      SplitReport& one = report.splits.emplace_back();
      one.task = task.name;
      one.split = split;
      one.rows = static_cast<std::int64_t>(rows.size());
      count_labels(task, rows, one);
      one.classes = data::class_rows(dataset, t, split, readings);
      one.unknown_names = data::unknown_names(dataset.tasks[t], readings, t, split);
      count_texts(task, rows, data, one);
      if (tokenizer != nullptr) count_tokens(rows, *tokens[static_cast<std::size_t>(split)], max_length, one);
      for (const Split other : kSplits) {
        if (other <= split) continue;
        const std::int64_t common = common_texts(rows, data, dataset.split(other).tasks[t], dataset.split(other));
        if (common > 0) one.shared_texts.emplace_back(other, common);
      }
      if (split == Split::train) report.tokens_per_epoch += one.tokens;
      take_notes(task, one, report.notes);
    }
  }
  try {
    report.steps_per_epoch = steps_per_epoch(dataset, batching);
  } catch (const UserError& error) {
    report.problems.emplace_back(error.what());
  }
  return report;
}

/// The rows that were read, what their labels were read from, and how they are trained on.
std::string table_text(const DatasetReport& report, bool examples) {
  std::vector<std::vector<std::string>> table = {
      {"task", "split", "rows", "tokens 50/90/99/100 %", "rows cut", "tokens cut", "empty", "repeats", "labels"}};
  for (const SplitReport& split : report.splits) {
    std::string lengths = "-";
    if (split.tokens > 0) {
      lengths = std::to_string(split.lengths[1]);
      for (std::size_t q = 2; q < 5; ++q) lengths += " / " + std::to_string(split.lengths[q]);
    }
    table.push_back({split.task, std::string(split_name(split.split)), std::to_string(split.rows), lengths,
                     percent(split.truncated, split.rows), std::to_string(split.tokens_cut),
                     std::to_string(split.empty_texts), std::to_string(split.repeats), label_summary(split)});
  }
  std::vector<std::size_t> widths(table.front().size(), 0);
  for (const auto& row : table) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string result;
  for (const auto& row : table) {
    std::string line;
    for (std::size_t c = 0; c + 1 < row.size(); ++c) line += padded(row[c], widths[c], c >= 2) + "  ";
    result += line + row.back() + "\n";
  }
  std::vector<data::ClassesOfSplit> classes;
  for (const SplitReport& split : report.splits) classes.push_back({split.task, split.split, split.classes});
  result += data::readings_text(classes);
  if (examples) result += data::examples_text(classes);
  result += "\nsteps per epoch: " + std::to_string(report.steps_per_epoch) + "\n";
  if (report.tokens_per_epoch > 0)
    result += "training tokens per pass: " + std::to_string(report.tokens_per_epoch) + "\n";
  return result;
}

}  // namespace

DatasetReport report_dataset(const Dataset& dataset, const Tokenizer* tokenizer, std::size_t max_length,
                             const BatchingSettings& batching) {
  return report_on(dataset, {}, tokenizer, max_length, batching);
}

DatasetReport check_dataset(const Config& data, std::uint64_t run_seed, const Tokenizer* tokenizer,
                            std::size_t max_length, const BatchingSettings& batching) {
  ReadDatasets datasets;
  return check_dataset(datasets, data, run_seed, tokenizer, max_length, batching);
}

DatasetReport check_dataset(ReadDatasets& datasets, const Config& data, std::uint64_t run_seed,
                            const Tokenizer* tokenizer, std::size_t max_length, const BatchingSettings& batching) {
  const data::ReadDataset* read = nullptr;
  try {
    read = &datasets.read(data, run_seed);
  } catch (const UserError& error) {
    DatasetReport report;
    report.problems.emplace_back(error.what());
    return report;
  }
  std::vector<std::string> problems = read->problems;
  DatasetReport report = report_on(read->dataset, read->readings, tokenizer, max_length, batching);
  // Rows that could not be read make no batches, which is told already.
  const bool told = !problems.empty() || (data.problems() != nullptr && !data.problems()->empty());
  if (!told) problems = std::move(report.problems);
  report.problems = std::move(problems);
  return report;
}

bool DatasetReport::every_task_read() const {
  return std::all_of(tasks.begin(), tasks.end(), [&](const Task& task) {
    return std::any_of(splits.begin(), splits.end(), [&](const SplitReport& one) { return one.task == task.name; });
  });
}

std::string DatasetReport::text(bool examples) const {
  std::string result = splits.empty() ? "" : table_text(*this, examples);
  for (const auto& [title, lines] : {std::pair("notes", &notes), std::pair("problems", &problems)}) {
    if (lines->empty()) continue;
    result += (result.empty() ? "" : "\n") + std::string(title) + " (" + std::to_string(lines->size()) + "):\n";
    for (const std::string& line : *lines) result += "  " + line + "\n";
  }
  return result;
}

Json DatasetReport::json() const {
  Json result = {{"tasks", Json::object()},
                 {"steps_per_epoch", steps_per_epoch},
                 {"tokens_per_epoch", tokens_per_epoch},
                 {"notes", notes},
                 {"problems", problems}};
  for (const SplitReport& split : splits) {
    Json one = {{"rows", split.rows}};
    if (split.labels.empty()) {
      one["values"] = {{"least", split.least}, {"mean", split.mean}, {"most", split.most}};
    } else {
      for (const auto& [label, count] : split.labels) one["labels"][label] = count;
    }
    for (const ClassRows& found : split.classes) {
      for (const auto& [written, times] : found.written) one["written"][found.label][written] = times;
      one["examples"][found.label] = found.examples;
    }
    if (split.unknown_labels > 0) one["unknown_labels"] = split.unknown_labels;
    if (split.tokens > 0) {
      one["lengths"] = {{"least", split.lengths[0]},
                        {"median", split.lengths[1]},
                        {"90%", split.lengths[2]},
                        {"99%", split.lengths[3]},
                        {"most", split.lengths[4]}};
      one["tokens"] = split.tokens;
      one["truncated"] = split.truncated;
      one["tokens_cut"] = split.tokens_cut;
    }
    if (split.words > 0) {
      one["words"] = split.words;
      one["words_without_token"] = split.words_without_token;
    }
    one["empty_texts"] = split.empty_texts;
    one["repeats"] = split.repeats;
    one["contradictions"] = split.contradictions;
    for (const auto& [other, count] : split.shared_texts) one["shared_texts"][std::string(split_name(other))] = count;
    result["tasks"][split.task][std::string(split_name(split.split))] = std::move(one);
  }
  return result;
}

}  // namespace infomtl
