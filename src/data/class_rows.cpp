#include "data/class_rows.h"

#include <algorithm>
#include <string_view>

#include "infomtl/core/counted.h"
#include "infomtl/core/utf8.h"

namespace infomtl::data {
namespace {

constexpr std::size_t kExamples = 3;
constexpr std::size_t kExampleWidth = 72;
constexpr std::size_t kShownReadings = 12;

std::string example_text(const Task& task, const Texts& texts, std::int32_t sequence) {
  const auto s = static_cast<std::size_t>(sequence);
  std::string text(texts.first[s]);
  if (task.pair) text += " | " + std::string(texts.second[s]);
  return shortened_to(printable(text), kExampleWidth);
}

/// The labels of a row; of a tagged text, of its words.
std::pair<std::size_t, std::size_t> labels_of(const TaskRows& rows, std::size_t row) {
  if (rows.label_offsets.empty()) return {row, row + 1};
  return {static_cast<std::size_t>(rows.label_offsets[row]), static_cast<std::size_t>(rows.label_offsets[row + 1])};
}

std::string word_text(const Texts& texts, std::int32_t sequence, std::size_t word) {
  const auto s = static_cast<std::size_t>(sequence);
  const WordRange range = texts.words[static_cast<std::size_t>(texts.word_offsets[s]) + word];
  const std::string_view text = texts.first[s];
  return shortened_to(
      printable(text.substr(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.end - range.begin))),
      kExampleWidth);
}

void add_examples(const Task& task, const SplitData& data, const TaskRows& rows, std::vector<ClassRows>& classes) {
  std::size_t open = classes.size();
  for (std::size_t row = 0; row < rows.size() && open > 0; ++row) {
    const auto [begin, end] = labels_of(rows, row);
    for (std::size_t i = begin; i < end; ++i) {
      const std::int32_t label = rows.classes[i];
      if (label < 0) continue;
      std::vector<std::string>& examples = classes[static_cast<std::size_t>(label)].examples;
      if (examples.size() >= kExamples) continue;
      const std::string text = task.kind == TaskKind::tagging ? word_text(data.texts, rows.sequences[row], i - begin)
                                                              : example_text(task, data.texts, rows.sequences[row]);
      if (std::find(examples.begin(), examples.end(), text) != examples.end()) continue;
      examples.push_back(text);
      if (examples.size() == kExamples) --open;
    }
  }
}

std::string quoted(const std::string& text) { return "\"" + shortened_to(printable(text), 40) + "\""; }

/// `"0" is not-hate, "1" is hate`, of what is not the class's own name; "" where that is nothing.
std::string split_readings(const ClassesOfSplit& split) {
  std::vector<std::string> texts;
  std::size_t count = 0;
  for (const ClassRows& one : split.classes) {
    for (const auto& [written, times] : one.written) {
      if (written == one.label || ++count > kShownReadings) continue;
      texts.push_back(quoted(written) + " is " + one.label);
    }
  }
  const std::string text = joined(texts);
  return count > kShownReadings ? text + " and " + std::to_string(count - kShownReadings) + " more" : text;
}

}  // namespace

std::vector<ClassRows> class_rows(const Dataset& dataset, std::size_t task, Split split,
                                  const LabelReadings& readings) {
  const Task& what = dataset.tasks[task];
  if (what.kind == TaskKind::regression) return {};
  const SplitData& data = dataset.split(split);
  std::vector<ClassRows> classes;
  for (std::size_t c = 0; c < what.labels.size(); ++c) {
    ClassRows& one = classes.emplace_back();
    one.label = what.labels[c];
    if (task >= readings.size()) continue;
    const auto& of_split = readings[task][static_cast<std::size_t>(split)];
    if (c < of_split.size()) one.written.assign(of_split[c].begin(), of_split[c].end());
  }
  for (const std::int32_t label : data.tasks[task].classes) {
    if (label >= 0) ++classes[static_cast<std::size_t>(label)].rows;
  }
  add_examples(what, data, data.tasks[task], classes);
  return classes;
}

std::vector<std::string> unknown_names(const Task& task, const LabelReadings& readings, std::size_t place,
                                       Split split) {
  std::vector<std::string> names;
  if (place >= readings.size() || task.kind == TaskKind::regression) return names;
  const auto& of_split = readings[place][static_cast<std::size_t>(split)];
  if (of_split.size() <= task.labels.size()) return names;
  for (const auto& [name, times] : of_split.back()) names.push_back(name);
  return names;
}

std::string readings_text(const std::vector<ClassesOfSplit>& splits) {
  std::string text;
  std::string_view task;
  std::string of_task;
  for (const ClassesOfSplit& split : splits) {
    const std::string found = split_readings(split);
    const bool same_task = split.task == task;
    if (same_task && found == of_task) continue;
    if (!same_task) {
      task = split.task;
      of_task = found;
    }
    if (found.empty() && !same_task) continue;
    text += "  " + std::string(split.task) + (same_task ? ", " + std::string(split_name(split.split)) : "") + ": " +
            (found.empty() ? "by the classes' names" : found) + "\n";
  }
  return text.empty() ? "" : "\nlabels as they are written in the files:\n" + text;
}

std::string examples_text(const std::vector<ClassesOfSplit>& splits) {
  std::string text;
  for (const ClassesOfSplit& split : splits) {
    if (split.classes.empty()) continue;
    text += "\n" + std::string(split.task) + ", " + std::string(split_name(split.split)) + "\n";
    for (const ClassRows& one : split.classes) {
      text += "  " + one.label + ": " + std::to_string(one.rows);
      std::vector<std::string> written;
      for (std::size_t i = 0; i < std::min(one.written.size(), kShownReadings); ++i) {
        written.push_back(quoted(one.written[i].first));
      }
      text += (written.empty() ? "" : ", written " + joined(written)) + "\n";
      for (const std::string& example : one.examples) text += "    " + example + "\n";
    }
  }
  return text;
}

}  // namespace infomtl::data
