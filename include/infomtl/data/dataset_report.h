#pragma once
// Dataset report: what `infomtl check` says about the data of a config, as a struct, as text and as JSON.
//
//   DatasetReport report = check_dataset(config.object("data"), run_seed, tokenizer.get(), 128, batching);
//   std::fputs(report.text().c_str(), stdout);
//   return report.problems.empty() ? 0 : 2;

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/data/class_rows.h"
#include "infomtl/data/dataset.h"
#include "infomtl/data/read_datasets.h"
#include "infomtl/data/training_stream.h"
#include "infomtl/text/tokenizer.h"

namespace infomtl {

class Config;

/// One task in one split. A "text" is the pair where the task reads pairs.
struct INFOMTL_API SplitReport {
  std::string task;
  Split split = Split::train;
  std::int64_t rows = 0;
  std::vector<std::pair<std::string, std::int64_t>> labels;  ///< how often each label occurs (words, for tagging)
  std::vector<ClassRows> classes;                            ///< of all but regressions
  std::int64_t unknown_labels = 0;                           ///< labels that the record's list lacks
  std::vector<std::string> unknown_names;           ///< what those are, each once, by their bytes; by check alone
  double least = 0, mean = 0, most = 0;             ///< of the values, for regression
  std::int64_t words = 0, words_without_token = 0;  ///< tagging

  std::array<std::int32_t, 5> lengths{};  ///< tokens, special ones included, uncut: least, median, 90 %, 99 %, most
  std::int64_t tokens = 0;                ///< of all rows, after cutting to max_length
  std::int64_t truncated = 0;             ///< rows longer than max_length
  std::int64_t tokens_cut = 0;            ///< of those rows, beyond max_length

  std::int64_t empty_texts = 0;
  std::int64_t repeats = 0;         ///< rows whose text occurred before in this split
  std::int64_t contradictions = 0;  ///< texts that occur with different labels (single-label tasks)
  std::vector<std::pair<Split, std::int64_t>> shared_texts;  ///< distinct texts that another split of the task has too
};

struct INFOMTL_API DatasetReport {
  std::vector<Task> tasks;
  std::vector<SplitReport> splits;
  std::int64_t steps_per_epoch = 0;
  std::int64_t tokens_per_epoch = 0;  ///< of the training texts, each counted once for each task that reads it
  std::vector<std::string> problems;  ///< what training would fail at, all of it
  std::vector<std::string> notes;     ///< what a careful reader would want to know

  /// Whether every task has rows in some split; where not, its record or labels are wrong and what it holds is not known.
  bool every_task_read() const;
  /// @param examples  every class of every split with three of its texts, too
  std::string text(bool examples = false) const;
  Json json() const;
};

/// Without what labels were read from, which a dataset does not keep.
/// @param tokenizer  nullptr: no token figures; @param max_length  0: no limit
INFOMTL_API DatasetReport report_dataset(const Dataset& dataset, const Tokenizer* tokenizer, std::size_t max_length,
                                         const BatchingSettings& batching);

/// Loads the data of a config and reports on it; problems do not throw, they are listed. Where the config collects its
/// problems (Config::collect), those of its fields go there.
INFOMTL_API DatasetReport check_dataset(const Config& data, std::uint64_t run_seed, const Tokenizer* tokenizer,
                                        std::size_t max_length, const BatchingSettings& batching);

/// The same of data that others read too: what is there already is not read again.
INFOMTL_API DatasetReport check_dataset(ReadDatasets& datasets, const Config& data, std::uint64_t run_seed,
                                        const Tokenizer* tokenizer, std::size_t max_length,
                                        const BatchingSettings& batching);

}  // namespace infomtl
