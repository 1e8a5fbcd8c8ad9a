#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/core/output_file.h"
#include "infomtl/runs/trained_run.h"
#include "text_input.h"

namespace infomtl::commands {
namespace {

/// Whether a record of JSON can be told to be an answer of one task. A text never is part of one; words with their labels may
/// as well be somebody's data.
bool is_answer(const Json& record) {
  if (!record.is_object() || record.contains("text")) return false;
  const bool labelled = record.contains("label") || record.contains("labels");
  const bool told = record.contains("scores") || record.contains("unread_words");
  return (labelled && told) || record.contains("value");
}

/// Whether a file begins with a line of answers, of one task or of all.
bool are_answers(std::string_view text) {
  const Json record = Json::parse(text.substr(0, text.find('\n')), nullptr, /*allow_exceptions=*/false);
  if (!record.is_object() || record.contains("text")) return false;
  const auto any = std::any_of(record.begin(), record.end(), [](const Json& value) { return is_answer(value); });
  return is_answer(record) || any;
}

/// Opened with the first answers: an input that cannot be read leaves what is there.
class AnswerFile {
 public:
  explicit AnswerFile(const PredictOptions& options) : name_(options.output) {
    if (to_stdout()) return;
    std::error_code absent;
    if (options.input != "-" && std::filesystem::equivalent(options.input, name_, absent)) {
      throw UserError("predict: --input and --output are the same file");
    }
    check_output(name_, {.what = "a file of answers of infomtl predict", .is_of_kind = are_answers});
  }
  std::ostream& stream() {
    if (to_stdout()) return std::cout;
    if (!file_.is_open()) {
      std::error_code told_below;
      if (const auto folder = std::filesystem::path(name_).parent_path(); !folder.empty()) {
        std::filesystem::create_directories(folder, told_below);
      }
      file_.open(name_, std::ios::binary | (names_descriptor(name_) ? std::ios::app : std::ios::trunc));
      if (!file_) throw IoError(name_ + ": cannot be written (" + std::strerror(errno) + ")");
    }
    return file_;
  }
  void finish() {
    if (!stream().flush()) throw IoError((to_stdout() ? "stdout" : name_) + ": writing failed");
  }

 private:
  bool to_stdout() const { return name_ == "-"; }

  std::string name_;
  std::ofstream file_;
};

}  // namespace

int predict(const PredictOptions& options) {
  AnswerFile out(options);
  TrainedRun run = TrainedRun::load(options.run);
  std::vector<std::string> names;
  std::string pair;  // a task that reads pairs
  std::vector<std::string> single;
  bool known = options.all;
  for (const Task& task : run.tasks()) {
    names.push_back(task.name);
    if (!options.all && task.name != options.task) continue;
    known = true;
    if (task.pair) {
      pair = task.name;
    } else {
      single.push_back(task.name);
    }
  }
  if (!options.all && options.task.empty()) {
    throw UserError("predict: give --task, one of " + joined(names) + ", or --all");
  }
  if (!known) {
    throw UserError("predict: the run has no task \"" + options.task + "\"" + did_you_mean(options.task, names));
  }

  const PredictionSamples samples{.count = options.samples, .seed = options.seed};
  if (samples.count != 0) run.predict(options.task, {}, samples);  // refused before the output is touched

  bool first = true;
  for_each_chunk(options.input, 256, [&](const std::vector<InputText>& chunk) {
    std::vector<std::pair<std::string, std::string>> texts;
    for (const InputText& input : chunk) {
      if (!pair.empty() && !input.has_pair) {
        throw DataError("predict: task \"" + pair + "\" reads pairs; give JSONL with text and text_pair");
      }
      if (pair.empty() && input.has_pair) {
        const std::string who = options.all ? "every task of the run" : "task \"" + options.task + "\"";
        throw DataError("predict: " + who + " reads single texts; leave text_pair out");
      }
      texts.emplace_back(input.text, input.pair);
    }
    if (std::exchange(first, false) && !pair.empty() && !single.empty()) {
      log::warning("predict: " + joined(single) + (single.size() == 1 ? " reads" : " read") +
                   " single texts: text alone, without text_pair");
    }
    const std::vector<Json> answers = options.all ? run.predict_all(texts) : run.predict(options.task, texts, samples);
    std::ostream& stream = out.stream();
    for (std::size_t i = 0; i < chunk.size(); ++i) stream << carried(chunk[i], answers[i]).dump() << '\n';
  });
  out.finish();
  return 0;
}

}  // namespace infomtl::commands
