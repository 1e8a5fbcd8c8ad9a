#pragma once
// Runs of a small synthetic corpus, for tests of the room.

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/files.h"
#include "infomtl/data/synthetic/synthetic_corpus.h"
#include "infomtl/runs/experiment.h"
#include "support/temporary_folder.h"

namespace infomtl::testing {

/// A corpus with a config beside it (run.json), written once per process.
inline const std::filesystem::path& corpus_folder() {
  static const TemporaryFolder folder;
  static const bool written = [] {
    write_synthetic_corpus(folder.path(), {.rows = 200, .seed = 5});
    const Json config = {
        {"extends", "corpus.json"},
        {"device", "cpu"},
        {"head", "gaussian"},
        {"losses",
         {{{"name", "supervised"}}, {{"name", "simax"}, {"weight", 0.1}}, {{"name", "timin"}, {"weight", 0.01}}}},
        {"optimizer", {{"name", "adamax"}, {"learning_rate", 0.01}}},
        {"training",
         {{"epochs", 2}, {"batch_size", 25}, {"report_every", 3}, {"selection", {{"monitor", "average"}}}}}};
    std::ofstream(folder.path() / "run.json") << config.dump(2);
    return true;
  }();
  (void)written;
  return folder.path();
}

inline Experiment experiment(const std::filesystem::path& output, bool resume = false,
                             std::vector<std::string> overrides = {}) {
  ExperimentOptions options;
  options.output = output;
  options.resume = options.more_epochs = resume;
  options.overrides = std::move(overrides);
  return Experiment::from_config(corpus_folder() / "run.json", options);
}

/// The records of a run's log without timings.
inline std::vector<std::string> records(const std::filesystem::path& run) {
  std::ifstream file(run / "log.jsonl");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    Json record = Json::parse(line);
    record.erase("tokens_per_second");
    record.erase("examples_per_second");
    lines.push_back(record.dump());
  }
  return lines;
}

inline Json results_without_timings(const std::filesystem::path& run) {
  Json json = Json::parse(read_file(run / "results.json"));
  for (const char* key : {"seconds", "examples_per_second", "tokens_per_second", "peak_memory_bytes"}) {
    json["training"].erase(key);
  }
  return json;
}

}  // namespace infomtl::testing
