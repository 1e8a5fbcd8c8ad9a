#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"
#include "infomtl/runs/trained_run.h"
#include "text_input.h"

namespace infomtl::commands {

int predict(const PredictOptions& options) {
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

  std::ofstream file;
  std::error_code absent;
  if (options.output != "-" && options.input != "-" &&
      std::filesystem::equivalent(options.input, options.output, absent)) {
    throw UserError("predict: --input and --output are the same file");
  }
  // With the first answers: an input that cannot be read leaves what is there.
  const auto open_output = [&] {
    if (options.output == "-" || file.is_open()) return;
    file.open(options.output, std::ios::binary | std::ios::trunc);
    if (!file) throw IoError(options.output + ": cannot be written");
  };
  bool first = true;
  std::ostream& out = options.output == "-" ? std::cout : file;
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
    open_output();
    for (std::size_t i = 0; i < chunk.size(); ++i) out << carried(chunk[i], answers[i]).dump() << '\n';
  });
  open_output();  // of an empty input
  out.flush();
  if (!out) throw IoError((options.output == "-" ? "stdout" : options.output) + ": writing failed");
  return 0;
}

}  // namespace infomtl::commands
