#pragma once
// Run record: what a report reads of one run folder.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/core/json.h"
#include "infomtl/runs/results.h"

namespace infomtl::report {

/// One number of the log over the run; NaN where the log has null or no finite number.
struct Series {
  std::vector<double> at;  ///< optimiser steps done, or epochs done for what is scored after an epoch
  std::vector<double> values;
};

struct RunRecord {
  std::string name;                ///< the folder's, as the report shows it
  std::optional<Results> results;  ///< none: not finished
  Json config = Json::object();    ///< config.json, empty where there is none
  bool single = false;             ///< one model per task, each with a log of its own
  /// By the keys of log.jsonl, without counts and weighted losses: "loss/hate/supervised/raw", "validation/hate", ...
  std::map<std::string, Series> series;
  std::int64_t steps = 0, total_steps = 0;  ///< of the log's last record; of one model where there are several
  std::int64_t epochs = 0;                  ///< scored in the log
  std::vector<std::string> notes;           ///< what could not be read, in words

  /// The run's folder name tells it ("seed-3"), else the results, else the config; none where nothing does.
  std::optional<std::uint64_t> seed;
};

/// Whether this is the folder of a run: it holds results.json, log.jsonl or, of one model per task, single/.
bool is_run_folder(const std::filesystem::path& folder);

/// @throws IoError, FormatError naming the file and what is wrong with it
RunRecord read_run(const std::filesystem::path& folder, std::string name);

/// A log's key taken apart: {"hate", "supervised"} of "loss/hate/supervised/raw". Task names may hold slashes.
struct LossKey {
  std::string task, term;
};
/// None for another key.
std::optional<LossKey> loss_key(const std::string& key);

/// The lines of a log that are whole records. A last line that was being written is left out without a word; from the
/// first other broken line on nothing is read, and `notes` says so.
void read_log(const std::filesystem::path& file, RunRecord& run);

}  // namespace infomtl::report
