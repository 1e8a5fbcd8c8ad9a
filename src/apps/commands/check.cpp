#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "commands.h"
#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/dataset_report.h"
#include "infomtl/runs/run.h"

namespace infomtl::commands {

namespace {

/// What `body` throws becomes a problem of the report, once.
template <class Body>
void collect(std::vector<std::string>& problems, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    if (std::find(problems.begin(), problems.end(), error.what()) == problems.end())
      problems.emplace_back(error.what());
  }
}

/// Bytes that a run holds beside its batches: parameters, gradients and two moments in float32, and about what one
/// step's activations take, measured in rows of the widest layer.
void estimate_memory(const MultiTaskModel& model, const DatasetReport& data, std::vector<std::string>& notes) {
  std::int64_t parameters = 0;
  for (const Tensor& parameter : model.parameters()) parameters += parameter.numel();
  const double tokens_per_step = data.steps_per_epoch == 0 ? 0
                                                           : static_cast<double>(data.tokens_per_epoch) /
                                                                 static_cast<double>(data.steps_per_epoch);
  const auto width = static_cast<double>(model.encoder().width());
  const double activations = tokens_per_step * width * 4 * 16 * static_cast<double>(model.encoder().layer_count());
  char note[160];
  std::snprintf(
      note, sizeof note,
      "memory, estimated: %.2f GB for %.1f million parameters with gradients and moments, and about %.2f GB of "
      "activations per view",
      static_cast<double>(parameters) * 16 / 1e9, static_cast<double>(parameters) / 1e6, activations / 1e9);
  notes.emplace_back(note);
}

}  // namespace

int check(const CheckOptions& options) {
  Config config = Config::from_file(options.config, options.overrides);
  std::vector<std::string> problems;
  collect(problems, [&] { config = RunPlan::of(config).config; });
  std::shared_ptr<const Tokenizer> tokenizer;
  BatchingSettings batching;
  std::int64_t max_length = 128;
  std::int64_t seed = 0;
  collect(problems, [&] {
    seed = config.integer("seed", 0, at_least(0));
    config.object_or_empty("training").read_fields(batching);
  });
  collect(problems, [&] {
    const Config encoder = config.object("encoder");
    max_length = encoder.integer("max_length", max_length, at_least(0));
    tokenizer = load_tokenizer(encoder.path("path"));
  });
  DatasetReport report;
  collect(problems, [&] {
    report = check_dataset(config.object("data"), static_cast<std::uint64_t>(seed), tokenizer.get(),
                           static_cast<std::size_t>(max_length), batching);
  });
  report.problems.insert(report.problems.begin(), problems.begin(), problems.end());
  // Whatever training would refuse beside its data; nothing is written.
  collect(report.problems, [&] {
    ExperimentOptions dry{
        .overrides = options.overrides,
        .output = std::filesystem::path(options.config).replace_extension(".check-writes-nothing-here")};
    Run run = Run::from_config(options.config, dry);
    if (run.experiment() != nullptr) estimate_memory(run.experiment()->trainer().model(), report, report.notes);
  });
  std::fputs(options.json ? (report.json().dump(2) + "\n").c_str() : report.text().c_str(), stdout);
  return report.problems.empty() ? 0 : 2;
}

}  // namespace infomtl::commands
