#include <cstdio>
#include <fstream>
#include <iostream>

#include "commands.h"
#include "infomtl/core/errors.h"
#include "infomtl/runs/trained_run.h"
#include "text_input.h"

namespace infomtl::commands {

int predict(const PredictOptions& options) {
  TrainedRun run = TrainedRun::load(options.run);
  std::vector<std::string> names;
  bool pair = false;
  bool known = false;
  for (const Task& task : run.tasks()) {
    names.push_back(task.name);
    if (task.name != options.task) continue;
    known = true;
    pair = task.pair;
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
  if (options.output != "-") {
    file.open(options.output, std::ios::binary | std::ios::trunc);
    if (!file) throw IoError(options.output + ": cannot be written");
  }
  std::ostream& out = options.output == "-" ? std::cout : file;
  for_each_chunk(options.input, 256, [&](const std::vector<InputText>& chunk) {
    std::vector<std::pair<std::string, std::string>> texts;
    for (const InputText& input : chunk) {
      if (pair && !input.has_pair) {
        throw DataError("predict: task \"" + options.task + "\" reads pairs; give JSONL with text and text_pair");
      }
      if (!pair && input.has_pair) {
        throw DataError("predict: task \"" + options.task + "\" reads single texts; leave text_pair out");
      }
      texts.emplace_back(input.text, input.pair);
    }
    for (const Json& prediction : run.predict(options.task, texts, samples)) out << prediction.dump() << '\n';
  });
  out.flush();
  if (!out) throw IoError((options.output == "-" ? "stdout" : options.output) + ": writing failed");
  return 0;
}

}  // namespace infomtl::commands
